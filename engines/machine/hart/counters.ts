// Counts of exits to the engine by cause, as a performance-monitoring unit keeps them: plain words of the hart
// block, written by the hart alone.

import { HART, HART_BLOCK_BYTES } from "../layout.ts";
import { hartBlock, type PhysicalMemory } from "../memory.ts";
import { INTERRUPT_CAUSE } from "./privileged.ts";
import type { HartState } from "./state.ts";

const COUNTERS_WORD = HART.counters >> 2;
/** Exceptions 0..23, then interrupts 0..15. */
const EXCEPTIONS = 24;
const INTERRUPTS = 16;
const HIGH_UNIT = 0x1_0000_0000;
/** Behind them: nanoseconds that the hart's thread has spent in models of devices. */
const DEVICE_TIME = HART.counters + 8 * (EXCEPTIONS + INTERRUPTS);
if (DEVICE_TIME + 8 > HART_BLOCK_BYTES) throw new Error("counters outgrow the hart block");

/** What made guests on one hart leave for the engine, since reset. */
export interface ExitCounts {
  /** By exception code 0..23. */
  readonly exceptions: readonly number[];
  /** By interrupt code 0..15. */
  readonly interrupts: readonly number[];
  readonly total: number;
}

/** Counts one exit for `cause` (an exception code, or INTERRUPT_CAUSE | code). */
export function countExit(state: HartState, cause: number): void {
  const { block } = state;
  const index = (cause & INTERRUPT_CAUSE) === 0 ? cause : EXCEPTIONS + (cause & (INTERRUPTS - 1));
  const counter = COUNTERS_WORD + 2 * index;
  const low = (block[counter] + 1) | 0;
  block[counter] = low;
  if (low === 0) block[counter + 1] += 1;
}

/** Adds to the time that `hart` has spent in models of devices, which real ones would take beside it. */
export function countDeviceTime(i32: Int32Array, hart: number, nanoseconds: number): void {
  const counter = (hartBlock(hart) + DEVICE_TIME) >> 2;
  const before = i32[counter];
  const low = (before + Math.round(nanoseconds)) | 0;
  i32[counter] = low;
  if (low >>> 0 < before >>> 0) i32[counter + 1] += 1;
}

/** Nanoseconds, from any thread. */
export function readDeviceTime(memory: PhysicalMemory, hart: number): number {
  const counter = (hartBlock(hart) + DEVICE_TIME) >> 2;
  return memory.i32[counter + 1] * HIGH_UNIT + (memory.i32[counter] >>> 0);
}

/** The counts of `hart`, from any thread. Exact once the hart is paused; else each may lag by the exit under way. */
export function readExitCounts(memory: PhysicalMemory, hart: number): ExitCounts {
  const first = (hartBlock(hart) >> 2) + COUNTERS_WORD;
  const counts = Array.from({ length: EXCEPTIONS + INTERRUPTS }, (_, index) =>
    memory.i32[first + 2 * index + 1] * HIGH_UNIT + (memory.i32[first + 2 * index] >>> 0));
  return {
    exceptions: counts.slice(0, EXCEPTIONS),
    interrupts: counts.slice(EXCEPTIONS),
    total: counts.reduce((sum, count) => sum + count, 0),
  };
}

/** Instructions that guests on `hart` have retired, up to the start of its current slice. */
export function readRetired(memory: PhysicalMemory, hart: number): number {
  const word = (hartBlock(hart) + HART.retired) >> 2;
  return memory.i32[word + 1] * HIGH_UNIT + (memory.i32[word] >>> 0);
}
