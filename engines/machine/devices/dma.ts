// How a device reaches its driver's memory, checked as by an IOMMU: every address is one of the regions that the device
// was assigned, and what lies outside them is refused.

import { RAM_BASE, REGION, REGION_BYTES, RIGHT, SLOT } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { DriverMemory, Location } from "../../virtio/device.ts";
import { REFUSED } from "../../virtio/device.ts";

const HIGH_UNIT = 0x1_0000_0000;
const REGION_WORDS = REGION_BYTES >> 2;
const BASE = REGION.base >> 2;
const BYTES = REGION.bytes >> 2;
const OFFSET = REGION.offset >> 2;
const RIGHTS = REGION.rights >> 2;
const WORD_BYTES = 4;
/** Copies up to this are made by words. */
const SHORT_BYTES = 256;

/** A location is the host offset of the first byte. */
export class Dma implements DriverMemory {
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #count: number;
  readonly #assigned: number;
  readonly #regions: number;
  /** Bytes of RAM from RAM_BASE that a device reaches which was assigned nothing. */
  readonly #open: number;
  readonly #ramOffset: number;

  /** For the device whose SLOT is at `slot`; `checked`: it reaches nothing until it is assigned something. */
  constructor(memory: PhysicalMemory, slot: number, checked: boolean) {
    this.#i32 = memory.i32;
    this.#u8 = memory.u8;
    this.#count = (slot + SLOT.regionCount) >> 2;
    this.#assigned = (slot + SLOT.assigned) >> 2;
    this.#regions = (slot + SLOT.regions) >> 2;
    this.#open = checked ? 0 : memory.ramBytes;
    this.#ramOffset = memory.ramOffset;
  }

  resolve(low: number, high: number, bytes: number, writes: boolean): Location {
    const i32 = this.#i32;
    if (i32[this.#assigned] === 0) {
      const within = distance(low, high, RAM_BASE, 0);
      return within >= 0 && within + bytes <= this.#open ? ((this.#ramOffset + within) | 0) as Location : REFUSED;
    }
    const rights = writes ? RIGHT.write : RIGHT.read;
    const end = this.#regions + i32[this.#count] * REGION_WORDS;
    for (let region = this.#regions; region < end; region += REGION_WORDS) {
      const within = distance(low, high, i32[region + BASE], i32[region + BASE + 1]);
      if (within < 0 || within + bytes > (i32[region + BYTES + 1] >>> 0) * HIGH_UNIT + (i32[region + BYTES] >>> 0)) continue;
      // Registers of other devices are not memory.
      if ((i32[region + RIGHTS] & (rights | RIGHT.device)) === rights) return ((i32[region + OFFSET] >>> 0) + within | 0) as Location;
    }
    return REFUSED;
  }

  load(at: Location): number {
    return this.#i32[at >>> 2];
  }

  store(at: Location, value: number): void {
    this.#i32[at >>> 2] = value;
  }

  atomicLoad(at: Location): number {
    return Atomics.load(this.#i32, at >>> 2);
  }

  atomicStore(at: Location, value: number): void {
    Atomics.store(this.#i32, at >>> 2, value);
  }

  loadByte(at: Location): number {
    return this.#u8[at >>> 0];
  }

  storeByte(at: Location, value: number): void {
    this.#u8[at >>> 0] = value;
  }

  copy(target: Location, source: Location, bytes: number): void {
    const to = target >>> 0;
    const from = source >>> 0;
    // Setting up a copy by the engine takes longer than copying a short frame by words.
    if (bytes > SHORT_BYTES || ((to | from) & (WORD_BYTES - 1)) !== 0) {
      this.#u8.copyWithin(to, from, from + bytes);
      return;
    }
    const whole = bytes & ~(WORD_BYTES - 1);
    for (let offset = 0; offset < whole; offset += WORD_BYTES) this.#i32[(to + offset) >>> 2] = this.#i32[(from + offset) >>> 2];
    for (let offset = whole; offset < bytes; offset++) this.#u8[to + offset] = this.#u8[from + offset];
  }
}

/** How far the address `high:low` is behind another. */
function distance(low: number, high: number, fromLow: number, fromHigh: number): number {
  const within = (low >>> 0) - (fromLow >>> 0);
  return high === fromHigh ? within : ((high >>> 0) - (fromHigh >>> 0)) * HIGH_UNIT + within;
}
