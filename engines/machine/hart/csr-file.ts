// Reading and writing CSRs as software that is allowed to. A guest with V = 1 reaches the VS registers by
// the caller's changing the number; here `sstatus` is always the S (HS) register.

import { HART, RAISED } from "../layout.ts";
import { CSR } from "./csr-numbers.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { ATP_MODE, ATP_MODE_SHIFT, ATP_PAGE_HIGH, ATP_SV39_HIGH } from "./mmu/sv39.ts";
import { FIXED_HIGH, KIND, KIND_OF, SLOT_OF, WRITABLE_HIGH, WRITABLE_LOW } from "./csr-table.ts";
import {
  INTERRUPT, MACHINE_INTERRUPTS, MACHINE_STATUS, MISA_H, MISA_HIGH, MISA_LOW, STATUS, STCE_HIGH, SUPERVISOR_INTERRUPTS,
  SUPERVISOR_STATUS, SXL_HIGH, UXL_HIGH, VIRTUAL_INTERRUPTS,
} from "./privileged.ts";
import { requestAttention } from "./signal.ts";
import type { HartState } from "./state.ts";

export { CSR } from "./csr-numbers.ts";

const RAISED_WORD = HART.raised >> 2;
const FUEL_WORD = HART.fuel >> 2;
const SLICE_WORD = HART.slice >> 2;
const RETIRED_WORD = HART.retired >> 2;
const STATUS_SLOT = SUPERVISOR_BANK + BANK.status;
const ENABLED = SUPERVISOR_BANK + BANK.enabled;
const PENDING = SUPERVISOR_BANK + BANK.pending;
const VIRTUAL_ENABLED = VIRTUAL_SUPERVISOR_BANK + BANK.enabled;
const VIRTUAL_PENDING = VIRTUAL_SUPERVISOR_BANK + BANK.pending;
const HIGH_UNIT = 0x1_0000_0000;

export class CsrFile {
  /** The halves that the last read() found. */
  low = 0;
  high = 0;
  readonly #state: HartState;

  constructor(state: HartState) {
    this.#state = state;
  }

  /** Reads `csr` into `low` and `high`; a CSR that does not exist reads as zero. Where it is not `seen`, but read to be written
   *  again with other bits, whether timers are due is left as it was last known: no write changes it, and the host's clock is slow. */
  read(csr: number, seen = true): void {
    const state = this.#state;
    const { block } = state;
    const kind = KIND_OF[csr];
    if (kind <= KIND.gating || kind === KIND.timer || kind === KIND.atp) {
      const slot = SLOT_OF[csr];
      this.low = block[slot];
      this.high = block[slot + 1] | FIXED_HIGH[csr];
      return;
    }
    this.high = 0;
    switch (kind) {
      case KIND.cycle: this.#number(Math.floor(state.clock.now())); break;
      case KIND.time: this.#number(state.clock.time()); break;
      case KIND.instret: this.#number(retired(state)); break;
      case KIND.sie: this.low = block[ENABLED] & block[SLOT.mideleg]; break;
      case KIND.sip:
        if (seen) this.#updateTimers();
        this.low = this.#supervisorPending() & block[SLOT.mideleg];
        break;
      case KIND.vsie: this.low = (block[VIRTUAL_ENABLED] & block[SLOT.hideleg]) >> 1; break;
      case KIND.vsip:
        if (seen) this.#updateTimers();
        this.low = (this.#virtualPending() & block[SLOT.hideleg]) >> 1;
        break;
      case KIND.hie: this.low = block[VIRTUAL_ENABLED]; break;
      case KIND.hip:
        if (seen) this.#updateTimers();
        this.low = this.#virtualPending();
        break;
      case KIND.hvip: this.low = block[VIRTUAL_PENDING]; break;
      case KIND.mie: this.low = block[SLOT.mie] | block[ENABLED] | block[VIRTUAL_ENABLED]; break;
      case KIND.mip:
        if (seen) this.#updateTimers();
        this.low = this.#supervisorPending() | this.#virtualPending() | (state.timers.bits & INTERRUPT.MTI)
          | (Atomics.load(block, RAISED_WORD) & (RAISED.machine | RAISED.machineExternal));
        break;
      case KIND.mstatus:
        this.low = block[SLOT.mstatus] | block[STATUS_SLOT];
        this.high = UXL_HIGH | SXL_HIGH;
        break;
      case KIND.misa:
        this.low = state.hypervisor ? MISA_LOW | MISA_H : MISA_LOW;
        this.high = MISA_HIGH;
        break;
      default: // KIND.hartid
        this.low = state.id;
    }
  }

  /** Writes `csr`. `touched` says which bits of the low half the instruction names (all, for csrrw): a bit that
   *  another hart can set at any time is changed only if it is named. */
  write(csr: number, low: number, high: number, touched: number): void {
    const state = this.#state;
    const { block } = state;
    const kind = KIND_OF[csr];
    if (kind <= KIND.gating || kind === KIND.timer) {
      const slot = SLOT_OF[csr];
      const writableLow = WRITABLE_LOW[csr];
      const writableHigh = WRITABLE_HIGH[csr];
      if (kind === KIND.gating) this.#restrict(block[slot] & ~low & writableLow);
      block[slot] = (block[slot] & ~writableLow) | (low & writableLow);
      block[slot + 1] = (block[slot + 1] & ~writableHigh) | (high & writableHigh);
      if (kind === KIND.timer) this.#timerWritten(csr);
      return;
    }
    switch (kind) {
      case KIND.sie: this.#merge(ENABLED, block[SLOT.mideleg], low); break;
      case KIND.sip: this.#raise(low, touched & block[SLOT.mideleg]); break;
      case KIND.vsie: this.#merge(VIRTUAL_ENABLED, block[SLOT.hideleg], low << 1); break;
      case KIND.vsip: this.#merge(VIRTUAL_PENDING, block[SLOT.hideleg] & INTERRUPT.VSSI, low << 1); break;
      case KIND.hie: this.#merge(VIRTUAL_ENABLED, VIRTUAL_INTERRUPTS, low); break;
      case KIND.hip: this.#merge(VIRTUAL_PENDING, INTERRUPT.VSSI, low); break;
      case KIND.hvip: this.#merge(VIRTUAL_PENDING, VIRTUAL_INTERRUPTS, low); break;
      case KIND.mie:
        this.#merge(SLOT.mie, MACHINE_INTERRUPTS, low);
        this.#merge(ENABLED, SUPERVISOR_INTERRUPTS, low);
        if (state.hypervisor) this.#merge(VIRTUAL_ENABLED, VIRTUAL_INTERRUPTS, low);
        break;
      case KIND.mip:
        this.#raise(low, touched);
        // SEIP reads as this bit or the PLIC's, so what was read must not be written back to it unless it is named.
        this.#merge(PENDING, this.#softwarePending() & touched, low);
        break;
      case KIND.mstatus:
        this.#restrict(block[STATUS_SLOT] & ~low & SUPERVISOR_STATUS);
        this.#merge(STATUS_SLOT, SUPERVISOR_STATUS, low);
        this.#merge(SLOT.mstatus, MACHINE_STATUS, low);
        break;
      case KIND.atp:
        writeAtp(block, SLOT_OF[csr], low, high);
        break;
      default: // read-only
    }
  }

  #number(value: number): void {
    this.low = value | 0;
    this.high = (value / HIGH_UNIT) | 0;
  }

  /** SUM and MXR, once cleared, no longer hold for what was translated with them. */
  #restrict(cleared: number): void {
    if ((cleared & (STATUS.SUM | STATUS.MXR)) !== 0) this.#state.mmu.restrict(cleared);
  }

  #merge(slot: number, mask: number, value: number): void {
    const { block } = this.#state;
    block[slot] = (block[slot] & ~mask) | (value & mask);
  }

  /** SSIP lives in `raised`, where other harts can set it. */
  #raise(low: number, touched: number): void {
    if ((touched & INTERRUPT.SSI) === 0) return;
    const { block } = this.#state;
    if ((low & INTERRUPT.SSI) !== 0) Atomics.or(block, RAISED_WORD, RAISED.supervisor);
    else Atomics.and(block, RAISED_WORD, ~RAISED.supervisor);
  }

  /** What M-mode may write in mip beside SSIP: STIP only while stimecmp does not drive it (Sstc). */
  #softwarePending(): number {
    const { block } = this.#state;
    return (block[SLOT.menvcfg + 1] & STCE_HIGH) === 0 ? INTERRUPT.STI | INTERRUPT.SEI : INTERRUPT.SEI;
  }

  #supervisorPending(): number {
    const { block, timers } = this.#state;
    return block[PENDING] | (timers.bits & INTERRUPT.STI)
      | (Atomics.load(block, RAISED_WORD) & (RAISED.supervisor | RAISED.supervisorExternal));
  }

  #virtualPending(): number {
    const { block, timers } = this.#state;
    return block[VIRTUAL_PENDING] | (timers.bits & INTERRUPT.VSTI);
  }

  #updateTimers(): void {
    const { timers, clock } = this.#state;
    if (timers.next !== Infinity) timers.update(clock.time());
  }

  #timerWritten(csr: number): void {
    const state = this.#state;
    // Sstc: with STCE set, mip.STIP shows stimecmp only.
    if (csr === CSR.menvcfg) this.#merge(PENDING, ~this.#softwarePending() & INTERRUPT.STI, 0);
    state.timers.reload();
    timersChanged(state);
  }
}

/** If a timer that was taken up again is due before the running slice was to end, the slice ends now. */
export function timersChanged(state: HartState): void {
  if (state.timers.next < state.horizon) requestAttention(state.block);
}

/** Writes satp or vsatp. A write that selects a MODE other than Bare and Sv39 has no effect at all; with Bare, the
 *  other fields must be zero. There are no ASID bits. */
function writeAtp(block: Int32Array, slot: number, low: number, high: number): void {
  const mode = high >>> ATP_MODE_SHIFT;
  if (mode !== ATP_MODE.bare && mode !== ATP_MODE.sv39) return;
  block[slot] = mode === ATP_MODE.bare ? 0 : low;
  block[slot + 1] = mode === ATP_MODE.bare ? 0 : ATP_SV39_HIGH | (high & ATP_PAGE_HIGH);
}

/** Instructions retired, the current one included while it executes. */
function retired(state: HartState): number {
  const { block } = state;
  const before = block[RETIRED_WORD + 1] * HIGH_UNIT + (block[RETIRED_WORD] >>> 0);
  return before + block[SLICE_WORD] - block[FUEL_WORD];
}
