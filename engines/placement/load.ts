// Puts a guest's image and device tree into its memory.

import type { GuestPhysicalAddress } from "../machine/address.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { parseImage } from "../loader/image-format.ts";
import { foreignDeviceTree } from "../loader/foreign-tree.ts";
import { guestDeviceTree } from "../loader/guest-tree.ts";
import { placeDeviceTree, placeImage, placementIn } from "../loader/place.ts";
import type { Loaded } from "../loader/result.ts";
import { BootError } from "../engine.ts";
import { hasDevices, slotsOf } from "./devices.ts";
import type { PlacedVm } from "./placement.ts";

/** What the guest's first vCPU begins with. */
export interface GuestEntry {
  readonly entry: GuestPhysicalAddress;
  readonly deviceTree: GuestPhysicalAddress;
}

/** Throws BootError where the image cannot be loaded there. `firstHart`: which hart the interrupt controller that it sees
 *  takes its vCPU 0 for. */
export function loadGuest(memory: PhysicalMemory, vm: PlacedVm, firstHart: number): GuestEntry {
  const { machine, slot } = vm;
  const image = expect(machine.name, parseImage(machine.image));
  const placed = expect(machine.name, placeImage(memory, image, slot, placementIn(image, slot)));
  const { bootArguments, vcpus, deviceTree: foreign } = machine;
  const description = { memory: slot.guest, memoryBytes: slot.bytes, bootArguments };
  const tree = foreign !== undefined ? expect(machine.name, foreignDeviceTree(foreign, description)) : guestDeviceTree({
    ...description,
    vcpus,
    ...(hasDevices(vm.devices) ? { devices: { serial: vm.devices.serial, slots: slotsOf(vm.devices), firstHart } } : {}),
    channels: vm.ends.map((end, id) => ({ id, end: end.end, window: end.window.guest, windowBytes: end.window.bytes })),
  });
  const deviceTree = expect(machine.name, placeDeviceTree(memory, tree, slot, placed.high));
  return { entry: placed.entry, deviceTree };
}

function expect<Value>(name: string, result: Loaded<Value>): Value {
  if (!result.ok) throw new BootError(`${name}: ${result.error.message}`);
  return result.value;
}
