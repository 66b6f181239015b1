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
    this.reloadMachine();
    this.reloadSupervisor();
    this.reloadVirtual();
  }

  /** The same for mtimecmp alone. */
  reloadMachine(): void {
    const deadline = this.#comparator(SLOT.mtimecmp);
    if (deadline === this.#machine) return;
    this.#machine = deadline;
    this.#changed(INTERRUPT.MTI, deadline);
  }

  /** For stimecmp alone. Sstc: with menvcfg.STCE = 0 it does nothing. */
  reloadSupervisor(): void {
    const deadline = this.#enables(SLOT.menvcfg) ? this.#comparator(STIMECMP) : Infinity;
    if (deadline === this.#supervisor) return;
    this.#supervisor = deadline;
    this.#changed(INTERRUPT.STI, deadline);
  }

  /** For vstimecmp alone. Sstc: with henvcfg.STCE = 0 it does nothing. */
  reloadVirtual(): void {
    const deadline = this.#enables(SLOT.henvcfg) ? this.#comparator(VSTIMECMP) - this.#timeDelta() : Infinity;
    if (deadline === this.#virtual) return;
    this.#virtual = deadline;
    this.#changed(INTERRUPT.VSTI, deadline);
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

  #changed(interrupt: number, deadline: number): void {
    this.bits &= ~interrupt;
    if (deadline < this.next) this.next = deadline;
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

