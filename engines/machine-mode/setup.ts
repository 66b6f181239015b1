// What a machine-mode engine sets on every hart, once: all exceptions and supervisor interrupts go to the
// guest; its SBI calls and the engine's own interrupts come to the engine. Nothing else leaves the guest.

import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { ALL_COUNTERS, CAUSE, INTERRUPT, INTERRUPT_CAUSE, MACHINE_INTERRUPTS, MEDELEG, SUPERVISOR_INTERRUPTS } from "../machine/hart/privileged.ts";

export const TIMER_INTERRUPT = INTERRUPT_CAUSE | 7;
export const SOFTWARE_INTERRUPT = INTERRUPT_CAUSE | 3;

/** The guest's satp and sstatus. */
export const FIRST_STAGE = { atp: CSR.satp, status: CSR.sstatus } as const;

export function setUpHart(hart: Hart): void {
  hart.setCsr(CSR.medeleg, MEDELEG & ~(1 << CAUSE.supervisorCall), 0);
  hart.setCsr(CSR.mideleg, SUPERVISOR_INTERRUPTS, 0);
  hart.setCsr(CSR.mcounteren, ALL_COUNTERS, 0);
  hart.setCsr(CSR.mie, MACHINE_INTERRUPTS, 0);
}

/** Clears the software interrupt of the guest on this hart; answers 1 if it was raised, else 0. */
export function clearSoftware(hart: Hart): number {
  const raised = (hart.csrLow(CSR.mip) & INTERRUPT.SSI) !== 0;
  hart.clearCsrBits(CSR.mip, INTERRUPT.SSI);
  return raised ? 1 : 0;
}
