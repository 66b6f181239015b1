// Where every guest's memory and every channel's window lies. Computed alike on every thread, from the
// configuration alone.

import { guestPhysical, physical, type GuestPhysicalAddress, type PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../machine/layout.ts";
import { parseImage } from "../loader/image-format.ts";
import { hex } from "../loader/result.ts";
import type { Slot } from "../loader/place.ts";
import { BootError, type Configuration, type VirtualMachine } from "../engine.ts";
import { type PlacedDevices, placeDevices } from "./devices.ts";
import { MAXIMUM_CHANNELS } from "../virtual-machine/record.ts";

/** `translated`: a second stage gives every guest the same addresses. `flat`: guests see physical ones. */
export type View = "translated" | "flat";

export interface PlacedVm {
  /** Index in the configuration. */
  readonly index: number;
  readonly machine: VirtualMachine;
  readonly slot: Slot;
  /** Its ends of channels; the position is the number that the guest calls them by. */
  readonly ends: readonly PlacedEnd[];
  readonly devices: PlacedDevices;
}

export interface PlacedEnd {
  readonly end: 0 | 1;
  readonly window: Slot;
  /** Configuration index of the peer, and the peer's number of this channel. */
  readonly peer: number;
  readonly peerId: number;
}

/** RAM_BASE as guests with a second stage see it. */
const GUEST_RAM = guestPhysical(RAM_BASE);
const GUEST_WINDOWS = guestPhysical(0xc000_0000);
const LARGEST_RAM = GUEST_WINDOWS - GUEST_RAM;
const LARGEST_WINDOW = 0x10_0000;
const PAGE = 0x1000;
/** Operating systems want their RAM aligned to a megapage. */
const SLOT_ALIGNMENT = 0x20_0000;

/** Throws BootError where the configuration does not fit the machine or the address map. `reserved`: bytes behind
 *  the firmware's that are the engine's too. */
export function place(configuration: Configuration, ramBytes: number, view: View, reserved = 0): readonly PlacedVm[] {
  const ram = new RamAllocator(ramBytes, reserved);
  const slots = placeMachines(configuration.vms, ram, view);
  const ends: PlacedEnd[][] = configuration.vms.map(() => []);
  for (const channel of configuration.channels) {
    checkBytes(channel.windowBytes, LARGEST_WINDOW, `the window of channel ${channel.name}`);
    const base = ram.take(channel.windowBytes, PAGE, `channel ${channel.name}`);
    const [first, second] = channel.ends;
    const lists = [listOf(ends, first, channel.name), listOf(ends, second, channel.name)] as const;
    const loopback = first === second;
    const ids = [lists[0].length, loopback ? lists[0].length : lists[1].length] as const;
    lists[0].push(placeEnd(0, base, channel.windowBytes, ids[0], second, ids[1], view));
    if (!loopback) lists[1].push(placeEnd(1, base, channel.windowBytes, ids[1], first, ids[0], view));
  }
  return configuration.vms.map((machine, index) => {
    if (ends[index].length > MAXIMUM_CHANNELS) {
      throw new BootError(`${machine.name} has ${ends[index].length} channels: a guest may have ${MAXIMUM_CHANNELS}`);
    }
    return { index, machine, slot: slots[index], ends: ends[index], devices: placeDevices(configuration, index, view) };
  });
}

function placeMachines(vms: readonly VirtualMachine[], ram: RamAllocator, view: View): readonly Slot[] {
  const bases: PhysicalAddress[] = [];
  if (view === "flat") {
    // An image that cannot be moved gets the memory around its address, before others take it.
    for (const [index, vm] of vms.entries()) {
      const image = parseImage(vm.image);
      if (!image.ok || image.value.relocatable) continue;
      const base = Math.floor(image.value.low / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
      bases[index] = ram.takeAt(physical(base), vm.memoryBytes, vm.name);
    }
  }
  return vms.map((vm, index) => {
    checkBytes(vm.memoryBytes, LARGEST_RAM, `the memory of ${vm.name}`);
    const base = bases[index] ?? ram.take(vm.memoryBytes, SLOT_ALIGNMENT, vm.name);
    return { guest: view === "flat" ? guestPhysical(base) : GUEST_RAM, physical: base, bytes: vm.memoryBytes };
  });
}

function listOf(ends: readonly PlacedEnd[][], index: number, channel: string): PlacedEnd[] {
  const list = ends[index];
  if (list === undefined) throw new BootError(`channel ${channel} ends at guest ${index}, of ${ends.length}`);
  return list;
}

function placeEnd(
  end: 0 | 1, base: PhysicalAddress, bytes: number, id: number, peer: number, peerId: number, view: View,
): PlacedEnd {
  const guest = view === "flat" ? guestPhysical(base) : windowAddress(id);
  return { end, window: { guest, physical: base, bytes }, peer, peerId };
}

function windowAddress(id: number): GuestPhysicalAddress {
  return guestPhysical(GUEST_WINDOWS + id * LARGEST_WINDOW);
}

function checkBytes(bytes: number, most: number, what: string): void {
  if (bytes <= 0 || bytes > most || bytes % PAGE !== 0) {
    throw new BootError(`${what} is ${bytes} bytes: not a multiple of ${PAGE} from there to ${most}`);
  }
}

/** Hands out RAM above the engine's, each part once. */
class RamAllocator {
  readonly #taken: { readonly base: number; readonly end: number; readonly name: string }[] = [];
  readonly #end: number;

  constructor(ramBytes: number, reserved: number) {
    this.#end = RAM_BASE + ramBytes;
    this.#taken.push({ base: RAM_BASE, end: RAM_BASE + FIRMWARE_BYTES + reserved, name: "the engine" });
  }

  /** The lowest part that is free. */
  take(bytes: number, alignment: number, name: string): PhysicalAddress {
    let base: number = RAM_BASE;
    let obstacle = this.#overlapping(base, bytes);
    while (obstacle !== undefined) {
      base = roundUp(obstacle.end, alignment);
      obstacle = this.#overlapping(base, bytes);
    }
    return this.takeAt(physical(base), bytes, name);
  }

  takeAt(base: PhysicalAddress, bytes: number, name: string): PhysicalAddress {
    const obstacle = this.#overlapping(base, bytes);
    if (obstacle !== undefined) {
      throw new BootError(
        `${name} can only be at ${hex(base)}, where ${obstacle.name} is: without a second stage, an image that cannot be relocated runs once in a machine`);
    }
    if (base < RAM_BASE || base + bytes > this.#end) {
      throw new BootError(`${name} needs memory from ${hex(base)} to ${hex(base + bytes)}: the machine's ends at ${hex(this.#end)}`);
    }
    this.#taken.push({ base, end: base + bytes, name });
    return base;
  }

  #overlapping(base: number, bytes: number) {
    return this.#taken.find((part) => base < part.end && part.base < base + bytes);
  }
}

function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
