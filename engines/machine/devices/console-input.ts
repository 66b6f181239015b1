// The way in for console input: a ring of bytes in the hardware's memory, written by whoever started the machine and read
// by the device that its guests use as their console.

import { DEVICES, DEVICES_OFFSET, INPUT } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { signal } from "../hart/signal.ts";

const AT = DEVICES_OFFSET + DEVICES.input;
const HEAD = (AT + INPUT.head) >> 2;
const TAIL = (AT + INPUT.tail) >> 2;
const HOME = (AT + INPUT.home) >> 2;
const BYTES = AT + INPUT.bytes;
const MASK = INPUT.capacity - 1;

/** For one writer. */
export class ConsoleInput {
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  /** Types `bytes`, as many as there is room for, and answers how many. */
  write(bytes: Uint8Array): number {
    const { i32, u8 } = this.#memory;
    const head = Atomics.load(i32, HEAD);
    const room = INPUT.capacity - ((head - Atomics.load(i32, TAIL)) | 0);
    const count = Math.min(room, bytes.length);
    for (let index = 0; index < count; index++) u8[BYTES + ((head + index) & MASK)] = bytes[index];
    Atomics.store(i32, HEAD, (head + count) | 0);
    signal(i32, Atomics.load(i32, HOME));
    return count;
  }
}

/** The machine's end: for one device at a time. */
export class ConsoleSource {
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;

  constructor(memory: PhysicalMemory) {
    this.#i32 = memory.i32;
    this.#u8 = memory.u8;
  }

  /** Says which hart is to look up when something is typed. */
  setHome(hart: number): void {
    if (this.#i32[HOME] !== hart) Atomics.store(this.#i32, HOME, hart);
  }

  home(): number {
    return Atomics.load(this.#i32, HOME);
  }

  /** Bytes that wait. */
  available(): number {
    return (Atomics.load(this.#i32, HEAD) - Atomics.load(this.#i32, TAIL)) | 0;
  }

  /** Byte `index` of those. */
  peek(index: number): number {
    return this.#u8[BYTES + ((Atomics.load(this.#i32, TAIL) + index) & MASK)];
  }

  drop(count: number): void {
    Atomics.add(this.#i32, TAIL, count);
  }
}
