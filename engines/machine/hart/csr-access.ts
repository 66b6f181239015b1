// Who may use a CSR: the privilege in its number, counter-enable registers, and, from V = 1, the choice
// between illegal instruction (2) and virtual instruction (22).

import { HART } from "../layout.ts";
import { CSR } from "./csr-numbers.ts";
import { SLOT } from "./csr-slots.ts";
import { KIND, KIND_OF } from "./csr-table.ts";
import { CAUSE, COUNTER, HSTATUS, PRIVILEGE, STATUS, STCE_HIGH } from "./privileged.ts";
import type { HartState } from "./state.ts";

const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
const ILLEGAL = CAUSE.illegalInstruction;
const VIRTUAL = CAUSE.virtualInstruction;

/** Levels in bits 9:8 of a CSR number. */
const LEVEL = { user: 0, supervisor: 1, hypervisor: 2, machine: 3 } as const;

/** The exception that a guest's access to `csr` raises: 0 for none. */
export function csrFault(state: HartState, csr: number, writes: boolean): number {
  if (KIND_OF[csr] === KIND.absent) return ILLEGAL;
  if (writes && csr >> 10 === 3) return ILLEGAL; // read-only
  const level = (csr >> 8) & 3;
  if (level === LEVEL.machine) return ILLEGAL; // guests run below M
  const { block } = state;
  const privilege = block[PRIVILEGE_WORD];
  if (block[VIRTUAL_WORD] === 0) {
    // With V = 0 a guest is on a machine without the H extension.
    if (level > privilege || level === LEVEL.hypervisor) return ILLEGAL;
    if (level === LEVEL.user) return counterFault(state, csr, privilege);
    if (csr === CSR.satp) return (block[SLOT.mstatus] & STATUS.TVM) === 0 ? 0 : ILLEGAL;
    return csr === CSR.stimecmp && !supervisorTimer(state) ? ILLEGAL : 0;
  }
  // From V = 1, what would be legal in HS-mode is a virtual instruction, and what would not is illegal.
  if (level === LEVEL.user) return virtualCounterFault(state, csr, privilege);
  if (csr === CSR.stimecmp || csr === CSR.vstimecmp) {
    if (!supervisorTimer(state)) return ILLEGAL;
    return csr === CSR.vstimecmp || privilege === PRIVILEGE.user || !virtualTimer(state) ? VIRTUAL : 0;
  }
  if (level === LEVEL.hypervisor || privilege === PRIVILEGE.user) return VIRTUAL;
  return csr === CSR.satp && (block[SLOT.hstatus] & HSTATUS.VTVM) !== 0 ? VIRTUAL : 0;
}

/** Sstc: S-mode has stimecmp if menvcfg.STCE and mcounteren.TM. */
function supervisorTimer(state: HartState): boolean {
  const { block } = state;
  return (block[SLOT.menvcfg + 1] & STCE_HIGH) !== 0 && (block[SLOT.mcounteren] & COUNTER.TM) !== 0;
}

/** Sstc: VS-mode has it if also henvcfg.STCE and hcounteren.TM. */
function virtualTimer(state: HartState): boolean {
  const { block } = state;
  return (block[SLOT.henvcfg + 1] & STCE_HIGH) !== 0 && (block[SLOT.hcounteren] & COUNTER.TM) !== 0;
}

function counterFault(state: HartState, csr: number, privilege: number): number {
  const { block } = state;
  let enabled = block[SLOT.mcounteren];
  if (privilege === PRIVILEGE.user) enabled &= block[SLOT.scounteren];
  return (enabled & counterBit(csr)) !== 0 ? 0 : ILLEGAL;
}

function virtualCounterFault(state: HartState, csr: number, privilege: number): number {
  const { block } = state;
  const bit = counterBit(csr);
  if ((block[SLOT.mcounteren] & bit) === 0) return ILLEGAL;
  let enabled = block[SLOT.hcounteren];
  if (privilege === PRIVILEGE.user) enabled &= block[SLOT.scounteren];
  return (enabled & bit) !== 0 ? 0 : VIRTUAL;
}

function counterBit(csr: number): number {
  return 1 << (csr - CSR.cycle);
}
