// The only way an engine reaches its mutable state and its guests' memory: primitives of the processor.

import type { PhysicalAddress } from "../address.ts";
import { RAM_BASE } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";

/** Loads, stores and atomic operations by one hart. Addresses must lie in RAM; words are Int32 and 4-byte
 *  aligned; atomic operations are sequentially consistent and return the old value. */
export class CoreMemory {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #u8: Uint8Array;
  /** Host offset less physical address, of any byte of RAM. Modulo 2^32: the memory has no more than 4 GiB. A field that
   *  begins as a small integer stays one for V8, and all address arithmetic with it. */
  readonly #shift: number = 0;

  constructor(memory: PhysicalMemory) {
    this.#i32 = memory.i32;
    this.#u8 = memory.u8;
    this.#f64 = new Float64Array(memory.wasm.buffer);
    this.#shift = (memory.ramOffset - RAM_BASE) | 0;
  }

  load(address: PhysicalAddress): number {
    return this.#i32[((address | 0) + this.#shift) >>> 2];
  }

  store(address: PhysicalAddress, value: number): void {
    this.#i32[((address | 0) + this.#shift) >>> 2] = value;
  }

  /** A number (not a 64-bit integer) in an 8-byte aligned cell. */
  loadNumber(address: PhysicalAddress): number {
    return this.#f64[((address | 0) + this.#shift) >>> 3];
  }

  storeNumber(address: PhysicalAddress, value: number): void {
    this.#f64[((address | 0) + this.#shift) >>> 3] = value;
  }

  loadByte(address: PhysicalAddress): number {
    return this.#u8[((address | 0) + this.#shift) >>> 0];
  }

  storeByte(address: PhysicalAddress, value: number): void {
    this.#u8[((address | 0) + this.#shift) >>> 0] = value;
  }

  atomicLoad(address: PhysicalAddress): number {
    return Atomics.load(this.#i32, ((address | 0) + this.#shift) >>> 2);
  }

  atomicStore(address: PhysicalAddress, value: number): void {
    Atomics.store(this.#i32, ((address | 0) + this.#shift) >>> 2, value);
  }

  add(address: PhysicalAddress, value: number): number {
    return Atomics.add(this.#i32, ((address | 0) + this.#shift) >>> 2, value);
  }

  exchange(address: PhysicalAddress, value: number): number {
    return Atomics.exchange(this.#i32, ((address | 0) + this.#shift) >>> 2, value);
  }

  compareExchange(address: PhysicalAddress, expected: number, value: number): number {
    return Atomics.compareExchange(this.#i32, ((address | 0) + this.#shift) >>> 2, expected, value);
  }

  and(address: PhysicalAddress, value: number): number {
    return Atomics.and(this.#i32, ((address | 0) + this.#shift) >>> 2, value);
  }

  or(address: PhysicalAddress, value: number): number {
    return Atomics.or(this.#i32, ((address | 0) + this.#shift) >>> 2, value);
  }

  /** Spins until another hart has made the word `value`. */
  awaitEqual(address: PhysicalAddress, value: number): void {
    const index = ((address | 0) + this.#shift) >>> 2;
    while (Atomics.load(this.#i32, index) !== value) Atomics.pause();
  }

  /** Spins while the word is `value`. Returns what another hart has made it. */
  awaitOther(address: PhysicalAddress, value: number): number {
    const index = ((address | 0) + this.#shift) >>> 2;
    for (;;) {
      const found = Atomics.load(this.#i32, index);
      if (found !== value) return found;
      Atomics.pause();
    }
  }

  /** Exchanges the word for `value` until it finds `wanted` there, and pauses before each attempt twice as often as before
   *  the last: once, and at most `longest` times. */
  awaitExchange(address: PhysicalAddress, value: number, wanted: number, longest: number): void {
    const index = ((address | 0) + this.#shift) >>> 2;
    let pauses = 1;
    do {
      for (let count = 0; count < pauses; count++) Atomics.pause();
      pauses = Math.min(2 * pauses, longest);
    } while (Atomics.exchange(this.#i32, index, value) !== wanted);
  }

  /** Copies `bytes` bytes; the ranges may overlap. */
  copy(target: PhysicalAddress, source: PhysicalAddress, bytes: number): void {
    const from = ((source | 0) + this.#shift) >>> 0;
    this.#u8.copyWithin(((target | 0) + this.#shift) >>> 0, from, from + bytes);
  }

  fill(target: PhysicalAddress, value: number, bytes: number): void {
    const from = ((target | 0) + this.#shift) >>> 0;
    this.#u8.fill(value, from, from + bytes);
  }

  /** Copies bytes from outside the machine, as a boot loader does. */
  write(target: PhysicalAddress, bytes: Uint8Array): void {
    this.#u8.set(bytes, ((target | 0) + this.#shift) >>> 0);
  }
}
