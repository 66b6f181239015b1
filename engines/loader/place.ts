// Puts images and device trees into the memory a guest is given. On refusal nothing has been written.

import { guestPhysical, physical, type GuestPhysicalAddress, type PhysicalAddress } from "../machine/address.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import type { GuestImage } from "./guest-image.ts";
import { readRelocations } from "./relocate.ts";
import { hex, loaded, refuse, type Loaded } from "./result.ts";

/** One guest's memory: `bytes` from `physical`, which the guest sees from `guest` (the same where there is no second stage). */
export interface Slot {
  readonly guest: GuestPhysicalAddress;
  readonly physical: PhysicalAddress;
  readonly bytes: number;
}

/** A placed image, in addresses as the guest sees them. `high` is the first byte behind it. */
export interface PlacedImage {
  readonly entry: GuestPhysicalAddress;
  readonly low: GuestPhysicalAddress;
  readonly high: GuestPhysicalAddress;
}

const DEVICE_TREE_ALIGNMENT = 8;

/** Where to put an image in a slot: its linked address if it fits there, else the lowest that it can be moved to. */
export function placementIn(image: GuestImage, slot: Slot): GuestPhysicalAddress {
  const fits = image.low >= slot.guest && image.high <= slot.guest + slot.bytes;
  if (fits || !image.relocatable) return guestPhysical(image.low);
  const distance = Math.ceil((slot.guest - image.low) / image.alignment) * image.alignment;
  return guestPhysical(image.low + distance);
}

/** Copies an image so that its lowest byte is at `address`, zeroes what its file does not hold, and relocates it. */
export function placeImage(
  memory: PhysicalMemory, image: GuestImage, slot: Slot, address: GuestPhysicalAddress,
): Loaded<PlacedImage> {
  const distance = address - image.low;
  if (distance !== 0 && !image.relocatable) {
    return refuse("fixed-address",
      `the image runs only at ${hex(image.low)}, where it was linked, not at ${hex(address)}: link it with -static-pie`);
  }
  if (distance % image.alignment !== 0) {
    return refuse("placement-alignment",
      `${hex(address)} is not ${hex(image.low)} moved by a multiple of the image's alignment ${hex(image.alignment)}`);
  }
  const high = image.high + distance;
  if (address < slot.guest || high > slot.guest + slot.bytes) {
    return refuse("outside-slot",
      `the image needs ${hex(address)} to ${hex(high)}, the guest has ${hex(slot.guest)} to ${hex(slot.guest + slot.bytes)}`);
  }
  if (!memory.contains(slot.physical, slot.bytes)) return outsideMemory(slot);
  const relocations = readRelocations(image);
  if (!relocations.ok) return relocations;

  const toHost = memory.offset(slot.physical) - slot.guest + distance;
  for (const segment of image.segments) {
    const start = toHost + segment.address;
    memory.u8.set(image.file.subarray(segment.offset, segment.offset + segment.fileBytes), start);
    memory.u8.fill(0, start + segment.fileBytes, start + segment.memoryBytes);
  }
  const view = new DataView(memory.wasm.buffer);
  for (const relocation of relocations.value) {
    const value = relocation.addend + distance;
    view.setUint32(toHost + relocation.address, value >>> 0, true);
    view.setInt32(toHost + relocation.address + 4, Math.floor(value / 0x1_0000_0000), true);
  }
  return loaded({
    entry: guestPhysical(image.entry + distance), low: address, high: guestPhysical(high),
  });
}

/** Copies a device tree to the end of the slot, 8-byte aligned, above `above`; answers its address for a1. */
export function placeDeviceTree(
  memory: PhysicalMemory, tree: Uint8Array, slot: Slot, above: GuestPhysicalAddress,
): Loaded<GuestPhysicalAddress> {
  const end = slot.guest + slot.bytes;
  const address = Math.floor((end - tree.length) / DEVICE_TREE_ALIGNMENT) * DEVICE_TREE_ALIGNMENT;
  if (address < Math.max(above, slot.guest)) {
    return refuse("outside-slot",
      `the device tree's ${tree.length} bytes do not fit between ${hex(above)} and ${hex(end)}: give the guest more memory`);
  }
  if (!memory.contains(slot.physical, slot.bytes)) return outsideMemory(slot);
  memory.u8.set(tree, memory.offset(physical(slot.physical + address - slot.guest)));
  return loaded(guestPhysical(address));
}

function outsideMemory(slot: Slot): Loaded<never> {
  return refuse("slot-outside-memory",
    `the guest's memory ${hex(slot.physical)} to ${hex(slot.physical + slot.bytes)} lies outside the machine's RAM`);
}
