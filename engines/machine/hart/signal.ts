// How a hart is made to look up: from its own thread, from another hart, or from whoever steers the machine.

import { ATTENTION, HART } from "../layout.ts";
import { hartBlock } from "../memory.ts";

const ATTENTION_WORD = HART.attention >> 2;
const SLEEPING_WORD = HART.sleeping >> 2;
const RAISED_WORD = HART.raised >> 2;

/** Makes the hart of this block come out of translated code at its next check. For a hart of the calling thread,
 *  which is awake. */
export function requestAttention(block: Int32Array): void {
  Atomics.store(block, ATTENTION_WORD, ATTENTION);
}

/** The same for any hart, waking it if it sleeps. */
export function signal(i32: Int32Array, hart: number): void {
  const word = hartBlock(hart) >> 2;
  Atomics.store(i32, word + ATTENTION_WORD, ATTENTION);
  // The sleeper sets `sleeping` before it tests `attention`, both sequentially consistent: one of us sees the other.
  if (Atomics.load(i32, word + SLEEPING_WORD) !== 0) Atomics.notify(i32, word + ATTENTION_WORD);
}

/** Raises software interrupts (bits RAISED) at `hart`. */
export function raiseInterrupt(i32: Int32Array, hart: number, bits: number): void {
  Atomics.or(i32, (hartBlock(hart) >> 2) + RAISED_WORD, bits);
  signal(i32, hart);
}

/** Clears software interrupts at `hart`. */
export function clearInterrupt(i32: Int32Array, hart: number, bits: number): void {
  Atomics.and(i32, (hartBlock(hart) >> 2) + RAISED_WORD, ~bits);
}
