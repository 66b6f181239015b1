// What a Type 1 engine sets on every hart, once: guests run in VS-mode and handle their own exceptions
// and interrupts; their SBI calls, WFI, and accesses beyond their second stage come to the engine.

import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { ALL_COUNTERS, HEDELEG, HSTATUS, INTERRUPT, INTERRUPT_CAUSE, VIRTUAL_INTERRUPTS } from "../machine/hart/privileged.ts";

export const EXTERNAL_INTERRUPT = INTERRUPT_CAUSE | 9;

/** The guest's satp and sstatus. */
export const FIRST_STAGE = { atp: CSR.vsatp, status: CSR.vsstatus } as const;

export function setUpHart(hart: Hart): void {
  hart.setCsr(CSR.hedeleg, HEDELEG, 0);
  hart.setCsr(CSR.hideleg, VIRTUAL_INTERRUPTS, 0);
  hart.setCsr(CSR.hcounteren, ALL_COUNTERS, 0);
  hart.setCsr(CSR.hstatus, HSTATUS.VTW, 0);
  hart.setCsr(CSR.sie, INTERRUPT.SSI | INTERRUPT.STI | INTERRUPT.SEI, 0);
}
