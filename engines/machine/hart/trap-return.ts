// Trap return: sret and mret, by a guest and by the engine.

import { HART, LEAVE, MOVED } from "../layout.ts";
import { BANK, SLOT, SUPERVISOR_BANK } from "./csr-slots.ts";
import { HSTATUS, MPP_SHIFT, PRIVILEGE, STATUS } from "./privileged.ts";
import type { HartState } from "./state.ts";

const PC = HART.pc >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
const WAITING = HART.waiting >> 2;
const PAGED = HART.paged >> 2;
const RESERVATION = HART.reservation >> 2;
const S_STATUS = SUPERVISOR_BANK + BANK.status;
const S_EPC = SUPERVISOR_BANK + BANK.epc;

/** The way out of the engine once it has returned: into the guest it left to be entered (MOVED), or, if it
 *  found none or halted, to the host (LEAVE). */
export function enterFromEngine(state: HartState): number {
  const { block } = state;
  if (state.halted) return LEAVE;
  // Returning to the engine's own privilege is returning to its idle loop.
  const resumed = state.idling ? false : state.hypervisor ? supervisorReturn(state) : machineReturn(state);
  if (resumed) {
    if ((block[PAGED] | block[state.guestAtpHigh]) !== 0) state.mmu.select();
    return MOVED;
  }
  state.idling = false;
  block[WAITING] = 1;
  return LEAVE;
}

/** sret by the guest from S (or VS): the status stack is popped and HART.pc set. */
export function returnFromVector(state: HartState, bank: number): void {
  const { block } = state;
  const status = block[bank + BANK.status];
  block[PRIVILEGE_WORD] = (status & STATUS.SPP) !== 0 ? PRIVILEGE.supervisor : PRIVILEGE.user;
  block[bank + BANK.status] = popStatus(status);
  block[PC] = block[bank + BANK.epc];
  block[PC + 1] = block[bank + BANK.epc + 1];
  dropReservation(state);
  if (block[bank + BANK.atp + 1] !== 0) state.mmu.select();
}

/** sret in HS-mode; false, with nothing changed, if it would stay in HS. */
function supervisorReturn(state: HartState): boolean {
  const { block } = state;
  const hstatus = block[SLOT.hstatus];
  if ((hstatus & HSTATUS.SPV) === 0) return false;
  const status = block[S_STATUS];
  block[SLOT.hstatus] = hstatus & ~HSTATUS.SPV;
  block[S_STATUS] = popStatus(status);
  block[VIRTUAL_WORD] = 1;
  block[PRIVILEGE_WORD] = (status & STATUS.SPP) !== 0 ? PRIVILEGE.supervisor : PRIVILEGE.user;
  block[PC] = block[S_EPC];
  block[PC + 1] = block[S_EPC + 1];
  dropReservation(state);
  return true;
}

/** mret; false, with nothing changed, if it would stay in M. */
function machineReturn(state: HartState): boolean {
  const { block } = state;
  const status = block[SLOT.mstatus];
  const previous = (status & STATUS.MPP) >> MPP_SHIFT;
  if (previous === PRIVILEGE.machine) return false;
  const enabled = (status & STATUS.MPIE) !== 0 ? STATUS.MIE : 0;
  block[SLOT.mstatus] = (status & ~(STATUS.MPP | STATUS.MIE)) | enabled | STATUS.MPIE;
  block[PRIVILEGE_WORD] = previous;
  block[PC] = block[SLOT.mepc];
  block[PC + 1] = block[SLOT.mepc + 1];
  dropReservation(state);
  return true;
}

/** sret's effect on sstatus or vsstatus: SIE = SPIE, SPIE = 1, SPP = 0. */
function popStatus(status: number): number {
  const enabled = (status & STATUS.SPIE) !== 0 ? STATUS.SIE : 0;
  return (status & ~(STATUS.SPP | STATUS.SIE)) | enabled | STATUS.SPIE;
}

/** A later sc fails: trap returns drop the reservation, as every supervisor expects of its own switches. */
function dropReservation(state: HartState): void {
  state.block[RESERVATION] = -1;
  state.block[RESERVATION + 1] = -1;
}
