// Exceptions that come to a Type 1 engine and that a machine without one would give to the guest.

import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, STATUS } from "../machine/hart/privileged.ts";

const WFI = 0x1050_0073;
const VECTOR_MODE = 3;

/** Whether the virtual instruction that trapped is the guest kernel's WFI; in its user mode it may have none. */
export function isWfi(hart: Hart): boolean {
  return hart.csrLow(CSR.stval) === WFI && (hart.csrLow(CSR.sstatus) & STATUS.SPP) !== 0;
}

/**
 * Gives the guest the exception that real hardware would raise for what it did: an access fault beyond its
 * second stage, an illegal instruction for what only a hypervisor may do. Answers false where that cannot
 * help: its own trap vector is what cannot be fetched.
 */
export function reflect(hart: Hart, cause: number): boolean {
  if (cause === CAUSE.instructionGuestPage && isAtVector(hart)) return false;
  hart.inject(reflected(cause), hart.csrLow(CSR.stval), hart.csrHigh(CSR.stval));
  return true;
}

function reflected(cause: number): number {
  switch (cause) {
    case CAUSE.instructionGuestPage: return CAUSE.instructionAccess;
    case CAUSE.loadGuestPage: return CAUSE.loadAccess;
    case CAUSE.storeGuestPage: return CAUSE.storeAccess;
    default: return CAUSE.illegalInstruction;
  }
}

function isAtVector(hart: Hart): boolean {
  return hart.csrLow(CSR.sepc) === (hart.csrLow(CSR.vstvec) & ~VECTOR_MODE) && hart.csrHigh(CSR.sepc) === hart.csrHigh(CSR.vstvec);
}
