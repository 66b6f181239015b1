// A hart's three timers (mtimecmp, stimecmp, vstimecmp) as deadlines, so that the clock is read only when one
// of them could have passed. The comparators themselves are in the hart block.

import type { Ticks } from "../address.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { INTERRUPT, STCE_HIGH } from "./privileged.ts";

const STIMECMP = SUPERVISOR_BANK + BANK.timecmp;
const VSTIMECMP = VIRTUAL_SUPERVISOR_BANK + BANK.timecmp;
const HIGH_UNIT = 0x1_0000_0000;
/** Comparators from here up never match: the clock takes 28 years to get there. */
const NEVER = 2 ** 53;

export class Timers {
  /** MTI, STI and VSTI: timers that had passed at the last update. */
  bits = 0;
  /** The earliest deadline that had not. May be too early after a change, never too late. */
  next = Infinity;
  readonly #block: Int32Array;
  #machine = Infinity;
  #supervisor = Infinity;
  #virtual = Infinity;

  constructor(block: Int32Array) {
    this.#block = block;
  }

  /** Takes the comparators up again after any of them, or what enables them, may have changed. Reads no clock:
   *  a comparator that changed does not count as passed before the next update. */
  reload(): void {
    const { bits } = this;
    const machine = this.#comparator(SLOT.mtimecmp);
    // Sstc: with menvcfg.STCE = 0 stimecmp does nothing, and likewise vstimecmp with henvcfg.STCE = 0.
    const supervisor = this.#enables(SLOT.menvcfg) ? this.#comparator(STIMECMP) : Infinity;
    const virtual = this.#enables(SLOT.henvcfg) ? this.#comparator(VSTIMECMP) - this.#timeDelta() : Infinity;
    let kept = bits;
    if (machine !== this.#machine) {
      this.#machine = machine;
      kept &= ~INTERRUPT.MTI;
      if (machine < this.next) this.next = machine;
    }
    if (supervisor !== this.#supervisor) {
      this.#supervisor = supervisor;
      kept &= ~INTERRUPT.STI;
      if (supervisor < this.next) this.next = supervisor;
    }
    if (virtual !== this.#virtual) {
      this.#virtual = virtual;
      kept &= ~INTERRUPT.VSTI;
      if (virtual < this.next) this.next = virtual;
    }
    this.bits = kept;
  }

  /** Compares all timers with the time now. */
  update(now: Ticks): void {
    let bits = 0;
    let next = Infinity;
    if (this.#machine <= now) bits |= INTERRUPT.MTI;
    else next = this.#machine;
    if (this.#supervisor <= now) bits |= INTERRUPT.STI;
    else if (this.#supervisor < next) next = this.#supervisor;
    if (this.#virtual <= now) bits |= INTERRUPT.VSTI;
    else if (this.#virtual < next) next = this.#virtual;
    this.bits = bits;
    this.next = next;
  }

  #enables(environment: number): boolean {
    return (this.#block[environment + 1] & STCE_HIGH) !== 0;
  }

  #comparator(slot: number): number {
    const value = (this.#block[slot + 1] >>> 0) * HIGH_UNIT + (this.#block[slot] >>> 0);
    return value >= NEVER ? Infinity : value;
  }

  /** htimedelta, as the signed number that software uses it as. */
  #timeDelta(): number {
    return this.#block[SLOT.htimedelta + 1] * HIGH_UNIT + (this.#block[SLOT.htimedelta] >>> 0);
  }
}

