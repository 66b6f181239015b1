// Trap entry: what the hardware writes when a trap goes to a guest's handler, to HS-mode or to M-mode.

import { HART } from "../layout.ts";
import { countExit } from "./counters.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { PAGE_BYTES } from "./mmu/sv39.ts";
import {
  ADDRESS_CAUSES, GUEST_PAGE_CAUSES, HSTATUS, INTERRUPT_CAUSE, MPP_SHIFT, PRIVILEGE, STATUS,
} from "./privileged.ts";
import type { HartState } from "./state.ts";

const PC = HART.pc >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
/** Bit 63 of xcause. */
const INTERRUPT_HIGH = 1 << 31;
const PAGED = HART.paged >> 2;
const HIGH_UNIT = 0x1_0000_0000;
/** stvec.MODE = vectored. */
const VECTORED = 1;

/** Delivers a trap to the guest's own handler at xtvec: `interrupt` is 0 for an exception, else bit 63 of xcause. */
export function trapToGuest(
  state: HartState, bank: number, code: number, interrupt: number,
  pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  const { block } = state;
  enterVector(state, bank, code, interrupt, block[PRIVILEGE_WORD], pcLow, pcHigh, valueLow, valueHigh);
  block[PRIVILEGE_WORD] = PRIVILEGE.supervisor;
  const base = bank + BANK.tvec;
  const vector = block[base];
  const vectored = interrupt !== 0 && (vector & VECTORED) !== 0;
  // A vectored base is 4-byte aligned and 64 entries cannot cross 2^32 unless it is within 256 bytes of it.
  block[PC] = (vector & ~3) + (vectored ? 4 * code : 0);
  block[PC + 1] = block[base + 1];
  if (block[bank + BANK.atp + 1] !== 0) state.mmu.select();
}

/** The register side of a trap into S or VS: epc, cause, tval, and the status stack. */
export function enterVector(
  state: HartState, bank: number, code: number, interrupt: number, previous: number,
  pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  const { block } = state;
  block[bank + BANK.epc] = pcLow;
  block[bank + BANK.epc + 1] = pcHigh;
  block[bank + BANK.cause] = code;
  block[bank + BANK.cause + 1] = interrupt;
  block[bank + BANK.tval] = valueLow;
  block[bank + BANK.tval + 1] = valueHigh;
  let status = block[bank + BANK.status] & ~(STATUS.SPIE | STATUS.SPP);
  if ((status & STATUS.SIE) !== 0) status = (status & ~STATUS.SIE) | STATUS.SPIE;
  if (previous !== PRIVILEGE.user) status |= STATUS.SPP;
  block[bank + BANK.status] = status;
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
  const { block } = state;
  const code = cause & ~INTERRUPT_CAUSE;
  const exception = code === cause;
  const virtual = block[VIRTUAL_WORD];
  const privilege = block[PRIVILEGE_WORD];
  enterVector(state, SUPERVISOR_BANK, code, exception ? 0 : INTERRUPT_HIGH, privilege, pcLow, pcHigh, valueLow, valueHigh);
  let hstatus = block[SLOT.hstatus] & ~(HSTATUS.GVA | HSTATUS.SPV);
  if (virtual !== 0) {
    hstatus = (hstatus & ~HSTATUS.SPVP) | HSTATUS.SPV | (privilege === PRIVILEGE.user ? 0 : HSTATUS.SPVP);
    if (exception && ((ADDRESS_CAUSES >> code) & 1) !== 0) hstatus |= HSTATUS.GVA;
  }
  block[SLOT.hstatus] = hstatus;
  if (exception && ((GUEST_PAGE_CAUSES >> code) & 1) !== 0) {
    reportGuestPhysical(state, valueLow, valueHigh);
  } else {
    block[SLOT.htval] = 0;
    block[SLOT.htval + 1] = 0;
  }
  block[PRIVILEGE_WORD] = PRIVILEGE.supervisor;
  block[VIRTUAL_WORD] = 0;
}

/** htval: the guest physical address that failed, shifted right by 2. With a Bare first stage it is the virtual one. */
function reportGuestPhysical(state: HartState, valueLow: number, valueHigh: number): void {
  const { block } = state;
  if (block[PAGED] === 0) {
    block[SLOT.htval] = (valueLow >>> 2) | (valueHigh << 30);
    block[SLOT.htval + 1] = valueHigh >>> 2;
    return;
  }
  const { failedPage, failedOffset } = state.mmu.walker;
  const shifted = failedPage * (PAGE_BYTES >> 2);
  block[SLOT.htval] = shifted | (failedOffset >> 2);
  block[SLOT.htval + 1] = Math.floor(shifted / HIGH_UNIT);
}

/** Trap entry into M-mode. */
export function enterMachine(
  state: HartState, cause: number, pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): void {
  countExit(state, cause);
  const { block } = state;
  block[SLOT.mepc] = pcLow;
  block[SLOT.mepc + 1] = pcHigh;
  block[SLOT.mcause] = cause & ~INTERRUPT_CAUSE;
  block[SLOT.mcause + 1] = (cause & INTERRUPT_CAUSE) === 0 ? 0 : INTERRUPT_HIGH;
  block[SLOT.mtval] = valueLow;
  block[SLOT.mtval + 1] = valueHigh;
  let status = block[SLOT.mstatus] & ~(STATUS.MPIE | STATUS.MPP);
  if ((status & STATUS.MIE) !== 0) status = (status & ~STATUS.MIE) | STATUS.MPIE;
  block[SLOT.mstatus] = status | (block[PRIVILEGE_WORD] << MPP_SHIFT);
  block[PRIVILEGE_WORD] = PRIVILEGE.machine;
}
