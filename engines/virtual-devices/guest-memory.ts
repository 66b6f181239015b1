// A guest's memory as the devices that an engine emulates for it reach it: its RAM and its channels'
// windows, and nothing else.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { type DriverMemory, type Location, REFUSED } from "../virtio/device.ts";

interface Window {
  readonly guest: number;
  readonly physical: PhysicalAddress;
  readonly bytes: number;
}

const HIGH_UNIT = 0x1_0000_0000;

/** Locations are physical addresses. */
export class GuestMemory implements DriverMemory {
  /** Of the hart that emulates the access under way. */
  core!: CoreMemory;
  readonly #windows: readonly Window[];

  constructor({ slot, ends }: PlacedVm) {
    this.#windows = [slot, ...ends.map(({ window }) => window)];
  }

  resolve(low: number, high: number, bytes: number): Location {
    const address = (high >>> 0) * HIGH_UNIT + (low >>> 0);
    const windows = this.#windows;
    for (let index = 0; index < windows.length; index++) {
      const offset = address - windows[index].guest;
      if (offset >= 0 && offset + bytes <= windows[index].bytes) return ((windows[index].physical + offset) | 0) as Location;
    }
    return REFUSED;
  }

  load(at: Location): number {
    return this.core.load(addressOf(at));
  }

  store(at: Location, value: number): void {
    this.core.store(addressOf(at), value);
  }

  atomicLoad(at: Location): number {
    return this.core.atomicLoad(addressOf(at));
  }

  atomicStore(at: Location, value: number): void {
    this.core.atomicStore(addressOf(at), value);
  }

  loadByte(at: Location): number {
    return this.core.loadByte(addressOf(at));
  }

  storeByte(at: Location, value: number): void {
    this.core.storeByte(addressOf(at), value);
  }

  copy(target: Location, source: Location, bytes: number): void {
    this.core.copy(addressOf(target), addressOf(source), bytes);
  }
}

export function addressOf(at: Location): PhysicalAddress {
  return physical(at >>> 0);
}

export function locationOf(address: PhysicalAddress): Location {
  return (address | 0) as Location;
}
