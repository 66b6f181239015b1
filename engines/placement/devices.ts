// Which devices each guest has, and at which virtio-mmio slots it sees them.

import { BLOCK_SLOT, NETWORK_PORTS } from "../machine/layout.ts";
import { BootError, type Configuration, type Nic } from "../engine.ts";
import type { View } from "./placement.ts";

export interface PlacedNic {
  /** Of the guest; the port's own slot has the port's number. */
  readonly slot: number;
  readonly port: number;
  /** The port's own for its first owner. */
  readonly mac: readonly number[];
}

export interface PlacedDevices {
  readonly serial: boolean;
  /** Whether its serial console gets what the machine's receives: the first guest's that has one. */
  readonly console: boolean;
  readonly nics: readonly PlacedNic[];
  /** Whether it has the block device, at the same slot as the machine. */
  readonly disk: boolean;
}

/** `passthrough`: a network port is its owner's. `switch`: the engine drives it, and switches frames. */
export type Networking = "passthrough" | "switch";

/** Network interfaces that one guest may have: its slots 0 to 3. */
const MAXIMUM_NICS = 4;
const MAC_PREFIX = [0x52, 0x54, 0x00, 0x74] as const;
const MAC_FIRST = 0x6300;
const INTERFACES_PER_GUEST = 16;

/**
 * The devices of guest `index`. With a second stage it sees its interfaces from slot 0 on, else where they
 * are. Throws BootError where the configuration names what there is not.
 */
export function placeDevices(configuration: Configuration, index: number, view: View): PlacedDevices {
  const { vms, nics = [], disk } = configuration;
  for (const { port, owner } of nics) {
    if (!Number.isInteger(port) || port < 0 || port >= NETWORK_PORTS) throw new BootError(`there is no network port ${port}: they are 0 to ${NETWORK_PORTS - 1}`);
    if (vms[owner] === undefined) throw new BootError(`port ${port} belongs to guest ${owner}, of ${vms.length}`);
  }
  if (disk !== undefined && vms[disk.owner] === undefined) throw new BootError(`the disk belongs to guest ${disk.owner}, of ${vms.length}`);
  const own = nics.filter(({ owner }) => owner === index);
  const macOf = (nic: Nic, position: number): readonly number[] =>
    nics.find(({ port }) => port === nic.port) === nic ? macNumbered(nic.port) : macNumbered(INTERFACES_PER_GUEST * (index + 1) + position);
  if (own.length > MAXIMUM_NICS) throw new BootError(`${vms[index].name} has ${own.length} network interfaces: a guest may have ${MAXIMUM_NICS}`);
  return {
    serial: vms[index].serial === true,
    console: vms.findIndex(({ serial }) => serial === true) === index,
    nics: own.map((nic, position) => ({ port: nic.port, slot: view === "flat" ? nic.port : position, mac: macOf(nic, position) })),
    disk: disk?.owner === index,
  };
}

/** 52:54:00:74:63 and a port's number, as the machine's ports have it; numbers above are of interfaces that share a port. */
function macNumbered(number: number): readonly number[] {
  const last = MAC_FIRST + number;
  return [...MAC_PREFIX, last >>> 8, last & 0xff];
}

export function hasDevices({ serial, nics, disk }: PlacedDevices): boolean {
  return serial || disk || nics.length > 0;
}

/** virtio-mmio slots at which the guest finds a device. */
export function slotsOf({ nics, disk }: PlacedDevices): readonly number[] {
  return [...nics.map(({ slot }) => slot), ...(disk ? [BLOCK_SLOT] : [])];
}

/** Throws BootError where several guests own a port that only one can have. */
export function checkSoleOwners({ nics = [] }: Configuration): void {
  for (const [index, { port }] of nics.entries()) {
    if (nics.findIndex((other) => other.port === port) < index) {
      throw new BootError(`port ${port} has several owners: only a virtual switch (nic=switch) shares a port`);
    }
  }
}

/** Slots of the guest whose device is the machine's own, at slot `from`. */
export function passedSlots({ nics, disk }: PlacedDevices, networking: Networking): readonly { readonly slot: number; readonly from: number }[] {
  const ports = networking === "passthrough" ? nics.map(({ slot, port }) => ({ slot, from: port })) : [];
  return disk ? [...ports, { slot: BLOCK_SLOT, from: BLOCK_SLOT }] : ports;
}
