// The way out for console output: a ring in the hardware's memory, written by every hart and read by whoever
// started the machine.

import { CONSOLE } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";

const HEAD = CONSOLE.head >> 2;
const TAIL = CONSOLE.tail >> 2;
const LOST = CONSOLE.lost >> 2;
const ATTENDED = CONSOLE.attended >> 2;
const ENTRIES = CONSOLE.entries >> 2;
/** Marks an entry that is filled; the byte is in bits 7:0, its source in bits 30:9. */
const FILLED = 1 << 8;
const SOURCE_SHIFT = 9;
/** Source of what guests write to the UART themselves. */
export const UART_SOURCE = 0x1f_ffff;

export class ConsoleWriter {
  readonly #i32: Int32Array;

  constructor(memory: PhysicalMemory) {
    this.#i32 = memory.i32;
  }

  /** Writes one byte. If the ring is full, it waits for the reader; if there is none, the byte is lost and counted as lost. */
  write(byte: number, source: number): void {
    const i32 = this.#i32;
    for (;;) {
      const head = Atomics.load(i32, HEAD);
      const tail = Atomics.load(i32, TAIL);
      if (((head - tail) | 0) >= CONSOLE.capacity) {
        if (Atomics.load(i32, ATTENDED) !== 0) {
          Atomics.wait(i32, TAIL, tail);
          continue;
        }
        Atomics.add(i32, LOST, 1);
        return;
      }
      if (Atomics.compareExchange(i32, HEAD, head, (head + 1) | 0) === head) {
        Atomics.store(i32, ENTRIES + (head & (CONSOLE.capacity - 1)), FILLED | (byte & 0xff) | (source << SOURCE_SHIFT));
        return;
      }
    }
  }
}

export class ConsoleReader {
  readonly #i32: Int32Array;

  constructor(memory: PhysicalMemory) {
    this.#i32 = memory.i32;
  }

  /** Promises to go on reading, or takes that back: until then nothing is lost, and a full ring holds up who writes. */
  attend(attended: boolean): void {
    Atomics.store(this.#i32, ATTENDED, attended ? 1 : 0);
    Atomics.notify(this.#i32, TAIL);
  }

  /** Takes out what has been written, in order, and returns how many bytes that was. One reader at a time. */
  drain(take: (byte: number, source: number) => void): number {
    const i32 = this.#i32;
    for (let count = 0; ; count++) {
      const tail = i32[TAIL];
      const index = ENTRIES + (tail & (CONSOLE.capacity - 1));
      const entry = Atomics.load(i32, index);
      if (entry === 0) {
        if (count > 0) Atomics.notify(i32, TAIL);
        return count;
      }
      Atomics.store(i32, index, 0);
      Atomics.store(i32, TAIL, (tail + 1) | 0);
      take(entry & 0xff, entry >>> SOURCE_SHIFT);
    }
  }

  /** Bytes lost so far because the ring was full. */
  lost(): number {
    return Atomics.load(this.#i32, LOST);
  }
}
