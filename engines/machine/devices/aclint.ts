// The core-local interruptor (ACLINT, laid out as a CLINT): software interrupts and timers of every hart.

import type { Clock } from "../clock.ts";
import { ACLINT_MSWI, ACLINT_MTIME, ACLINT_MTIMECMP, CONTROL, CONTROL_OFFSET, HART, RAISED } from "../layout.ts";
import { hartBlock, type PhysicalMemory } from "../memory.ts";
import { SLOT } from "../hart/csr-slots.ts";
import { clearInterrupt, raiseInterrupt, signal } from "../hart/signal.ts";
import type { Device } from "./device.ts";

const MTIMECMP = ACLINT_MTIMECMP - ACLINT_MSWI;
const MTIME = ACLINT_MTIME - ACLINT_MSWI;
const RAISED_WORD = HART.raised >> 2;
const HARTS_WORD = (CONTROL_OFFSET + CONTROL.harts) >> 2;
const HIGH_UNIT = 0x1_0000_0000;

export class Aclint implements Device {
  low = 0;
  high = 0;
  readonly #i32: Int32Array;
  readonly #clock: Clock;

  constructor(memory: PhysicalMemory, clock: Clock) {
    this.#i32 = memory.i32;
    this.#clock = clock;
  }

  read(offset: number, bytes: number): boolean {
    if (!isRegister(offset, bytes)) return false;
    const i32 = this.#i32;
    if (offset < MTIMECMP) {
      const hart = offset >> 2;
      const raised = this.#exists(hart) ? Atomics.load(i32, (hartBlock(hart) >> 2) + RAISED_WORD) : 0;
      this.#answer((raised & RAISED.machine) === 0 ? 0 : 1, 0);
    } else if (offset < MTIME) {
      const hart = (offset - MTIMECMP) >> 3;
      const word = this.#exists(hart) ? mtimecmpWord(hart) : -1;
      this.#answerHalf(offset, bytes, word < 0 ? 0 : Atomics.load(i32, word), word < 0 ? 0 : Atomics.load(i32, word + 1));
    } else {
      const time = this.#clock.time();
      this.#answerHalf(offset, bytes, time | 0, (time / HIGH_UNIT) | 0);
    }
    return true;
  }

  /** mtime follows the machine's clock: writes to it have no effect. */
  write(offset: number, bytes: number, low: number, high: number): boolean {
    if (!isRegister(offset, bytes)) return false;
    const i32 = this.#i32;
    if (offset < MTIMECMP) {
      const hart = offset >> 2;
      if (!this.#exists(hart)) return true;
      if ((low & 1) !== 0) raiseInterrupt(i32, hart, RAISED.machine);
      else clearInterrupt(i32, hart, RAISED.machine);
    } else if (offset < MTIME) {
      const hart = (offset - MTIMECMP) >> 3;
      if (!this.#exists(hart)) return true;
      const word = mtimecmpWord(hart);
      Atomics.store(i32, word + ((offset >> 2) & 1), low);
      if (bytes === 8) Atomics.store(i32, word + 1, high);
      // The hart takes up its comparators when it looks up.
      signal(i32, hart);
    }
    return true;
  }

  #exists(hart: number): boolean {
    return hart < this.#i32[HARTS_WORD];
  }

  #answer(low: number, high: number): void {
    this.low = low;
    this.high = high;
  }

  /** One half, or both, of a 64-bit register. */
  #answerHalf(offset: number, bytes: number, low: number, high: number): void {
    if (bytes === 8) this.#answer(low, high);
    else this.#answer((offset & 4) === 0 ? low : high, 0);
  }
}

/** Registers are reached by naturally aligned words, and the 64-bit ones also whole. */
function isRegister(offset: number, bytes: number): boolean {
  if (offset < MTIMECMP) return bytes === 4 && (offset & 3) === 0;
  return offset < MTIME + 8 && (bytes === 4 || bytes === 8) && (offset & (bytes - 1)) === 0;
}

function mtimecmpWord(hart: number): number {
  return (hartBlock(hart) >> 2) + SLOT.mtimecmp;
}
