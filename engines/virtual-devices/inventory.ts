// Which guest has which emulated device, and to whom the machine's interrupt sources belong. Made from the
// configuration alone, and never changed.

import { UART_IRQ, VIRTIO_FIRST_IRQ } from "../machine/layout.ts";
import { hasDevices, type Networking } from "../placement/devices.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { GuestDevices } from "./guest-devices.ts";
import { portAt } from "./layout.ts";
import type { VirtualNic } from "./nic.ts";
import { Segment } from "./segment.ts";

/** Whose a source of the machine's PLIC is. `source`: the number that the guest knows it by. */
export type Owner =
  | { readonly kind: "passed"; readonly guest: GuestDevices; readonly source: number }
  | { readonly kind: "segment"; readonly segment: Segment }
  | { readonly kind: "serial"; readonly guest: GuestDevices };

export interface Inventory {
  /** By index in the configuration; undefined for guests without devices, and for those of other hypervisors. */
  readonly guests: readonly (GuestDevices | undefined)[];
  /** By port. */
  readonly segments: readonly (Segment | undefined)[];
  /** By source. */
  readonly owners: readonly (Owner | undefined)[];
}

export function takeInventory(vms: readonly PlacedVm[], networking: Networking): Inventory {
  const guests: (GuestDevices | undefined)[] = [];
  const segments: (Segment | undefined)[] = [];
  const owners: (Owner | undefined)[] = [];
  const members: VirtualNic[][] = [];
  for (const vm of vms.filter(({ devices }) => hasDevices(devices))) {
    const guest = new GuestDevices(vm, networking);
    guests[vm.index] = guest;
    for (const [source, from] of guest.passed.entries()) if (from !== undefined) owners[from] = { kind: "passed", guest, source };
    for (const nic of guest.nics) if (nic !== undefined) (members[guest.ports[nic.slot]] ??= []).push(nic);
    if (vm.devices.console) owners[UART_IRQ] = { kind: "serial", guest };
  }
  for (const [port, nics] of members.entries()) {
    if (nics === undefined) continue;
    const segment = new Segment(port, portAt(port), nics);
    segments[port] = segment;
    owners[VIRTIO_FIRST_IRQ + port] = { kind: "segment", segment };
  }
  return { guests, segments, owners };
}
