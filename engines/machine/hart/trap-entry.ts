// Trap entry: what the hardware writes when a trap goes to a guest's handler, to HS-mode or to M-mode.

import { HART } from "../layout.ts";
import { countExit } from "./counters.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import {
  ADDRESS_CAUSES, GUEST_PAGE_CAUSES, HSTATUS, INTERRUPT_CAUSE, MPP_SHIFT, PRIVILEGE, STATUS,
} from "./privileged.ts";
import type { HartState } from "./state.ts";

const PC = HART.pc >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
/** Bit 63 of xcause. */
const INTERRUPT_HIGH = 1 << 31;
/** stvec.MODE = vectored. */
const VECTORED = 1;

/** Delivers a trap to the guest's own handler at xtvec: `interrupt` is 0 for an exception, else bit 63 of xcause. */
export function trapToGuest(
  state: HartState, bank: number, code: number, interrupt: number,
  pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  const { i32, word } = state;
  const privilege = word + PRIVILEGE_WORD;
  enterVector(state, bank, code, interrupt, i32[privilege], pcLow, pcHigh, valueLow, valueHigh);
  i32[privilege] = PRIVILEGE.supervisor;
  const base = word + bank + BANK.tvec;
  const vector = i32[base];
  const vectored = interrupt !== 0 && (vector & VECTORED) !== 0;
  // A vectored base is 4-byte aligned and 64 entries cannot cross 2^32 unless it is within 256 bytes of it.
  i32[word + PC] = (vector & ~3) + (vectored ? 4 * code : 0);
  i32[word + PC + 1] = i32[base + 1];
}

/** The register side of a trap into S or VS: epc, cause, tval, and the status stack. */
export function enterVector(
  state: HartState, bank: number, code: number, interrupt: number, previous: number,
  pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  const { i32 } = state;
  const first = state.word + bank;
  i32[first + BANK.epc] = pcLow;
  i32[first + BANK.epc + 1] = pcHigh;
  i32[first + BANK.cause] = code;
  i32[first + BANK.cause + 1] = interrupt;
  i32[first + BANK.tval] = valueLow;
  i32[first + BANK.tval + 1] = valueHigh;
  let status = i32[first + BANK.status] & ~(STATUS.SPIE | STATUS.SPP);
  if ((status & STATUS.SIE) !== 0) status = (status & ~STATUS.SIE) | STATUS.SPIE;
  if (previous !== PRIVILEGE.user) status |= STATUS.SPP;
  i32[first + BANK.status] = status;
}

/** Delivers interrupt `code` (as the guest numbers it) to the guest. */
export function interruptGuest(state: HartState, code: number, pcLow: number, pcHigh: number): void {
  const bank = state.hypervisor ? VIRTUAL_SUPERVISOR_BANK : SUPERVISOR_BANK;
  trapToGuest(state, bank, code, INTERRUPT_HIGH, pcLow, pcHigh, 0, 0);
}

/** Trap entry into HS-mode ("H" extension, Trap Entry). `cause` as countExit() takes it. */
export function enterSupervisor(
  state: HartState, cause: number, pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  countExit(state, cause);
  const { i32, word } = state;
  const code = cause & ~INTERRUPT_CAUSE;
  const exception = code === cause;
  const virtual = i32[word + VIRTUAL_WORD];
  const privilege = i32[word + PRIVILEGE_WORD];
  enterVector(state, SUPERVISOR_BANK, code, exception ? 0 : INTERRUPT_HIGH, privilege, pcLow, pcHigh, valueLow, valueHigh);
  let hstatus = i32[word + SLOT.hstatus] & ~(HSTATUS.GVA | HSTATUS.SPV);
  if (virtual !== 0) {
    hstatus = (hstatus & ~HSTATUS.SPVP) | HSTATUS.SPV | (privilege === PRIVILEGE.user ? 0 : HSTATUS.SPVP);
    if (exception && ((ADDRESS_CAUSES >> code) & 1) !== 0) hstatus |= HSTATUS.GVA;
  }
  i32[word + SLOT.hstatus] = hstatus;
  // The first stage is Bare: the guest physical address is the guest virtual one. htval holds it shifted by 2.
  const guestPage = exception && ((GUEST_PAGE_CAUSES >> code) & 1) !== 0;
  i32[word + SLOT.htval] = guestPage ? (valueLow >>> 2) | (valueHigh << 30) : 0;
  i32[word + SLOT.htval + 1] = guestPage ? valueHigh >>> 2 : 0;
  i32[word + PRIVILEGE_WORD] = PRIVILEGE.supervisor;
  i32[word + VIRTUAL_WORD] = 0;
}

/** Trap entry into M-mode. */
export function enterMachine(
  state: HartState, cause: number, pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  countExit(state, cause);
  const { i32, word } = state;
  i32[word + SLOT.mepc] = pcLow;
  i32[word + SLOT.mepc + 1] = pcHigh;
  i32[word + SLOT.mcause] = cause & ~INTERRUPT_CAUSE;
  i32[word + SLOT.mcause + 1] = (cause & INTERRUPT_CAUSE) === 0 ? 0 : INTERRUPT_HIGH;
  i32[word + SLOT.mtval] = valueLow;
  i32[word + SLOT.mtval + 1] = valueHigh;
  let status = i32[word + SLOT.mstatus] & ~(STATUS.MPIE | STATUS.MPP);
  if ((status & STATUS.MIE) !== 0) status = (status & ~STATUS.MIE) | STATUS.MPIE;
  i32[word + SLOT.mstatus] = status | (i32[word + PRIVILEGE_WORD] << MPP_SHIFT);
  i32[word + PRIVILEGE_WORD] = PRIVILEGE.machine;
}
