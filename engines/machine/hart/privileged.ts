// Bit layouts and codes of the privileged architecture (RISC-V Privileged, chapters "Machine-Level ISA",
// "Supervisor-Level ISA" and "H" extension). Bits of 64-bit registers that lie above 31 are given as bits of
// the high half.

export const PRIVILEGE = { user: 0, supervisor: 1, machine: 3 } as const;

/** mstatus, sstatus, vsstatus: low half. */
export const STATUS = {
  SIE: 1 << 1, MIE: 1 << 3, SPIE: 1 << 5, MPIE: 1 << 7, SPP: 1 << 8, MPP: 3 << 11,
  SUM: 1 << 18, MXR: 1 << 19, TVM: 1 << 20, TW: 1 << 21, TSR: 1 << 22,
} as const;
export const MPP_SHIFT = 11;
/** What sstatus and vsstatus let software write. FS, VS and XS are absent: no such state exists here. */
export const SUPERVISOR_STATUS = STATUS.SIE | STATUS.SPIE | STATUS.SPP | STATUS.SUM | STATUS.MXR;
export const MACHINE_STATUS = STATUS.MIE | STATUS.MPIE | STATUS.MPP | STATUS.TVM | STATUS.TW | STATUS.TSR;
/** UXL = 2 (bits 33:32) and SXL = 2 (bits 35:34), read-only. */
export const UXL_HIGH = 2;
export const SXL_HIGH = 2 << 2;

/** hstatus: low half. */
export const HSTATUS = {
  GVA: 1 << 6, SPV: 1 << 7, SPVP: 1 << 8, VTVM: 1 << 20, VTW: 1 << 21, VTSR: 1 << 22,
} as const;
/** VSXL = 2 (bits 33:32), read-only. */
export const VSXL_HIGH = 2;

/** menvcfg and henvcfg: FIOM in the low half, STCE (bit 63) in the high half. */
export const FIOM = 1;
export const STCE_HIGH = 1 << 31;

/** mcounteren, hcounteren, scounteren. */
export const COUNTER = { CY: 1, TM: 2, IR: 4 } as const;
export const ALL_COUNTERS = COUNTER.CY | COUNTER.TM | COUNTER.IR;

/** Bits of mip, mie and their views. */
export const INTERRUPT = {
  SSI: 1 << 1, VSSI: 1 << 2, MSI: 1 << 3, STI: 1 << 5, VSTI: 1 << 6, MTI: 1 << 7, SEI: 1 << 9, VSEI: 1 << 10,
  MEI: 1 << 11,
} as const;
export const SUPERVISOR_INTERRUPTS = INTERRUPT.SSI | INTERRUPT.STI | INTERRUPT.SEI;
export const VIRTUAL_INTERRUPTS = INTERRUPT.VSSI | INTERRUPT.VSTI | INTERRUPT.VSEI;
export const MACHINE_INTERRUPTS = INTERRUPT.MSI | INTERRUPT.MTI | INTERRUPT.MEI;

/** Set in a cause number that is an interrupt (bit 63 of xcause). */
export const INTERRUPT_CAUSE = 0x100;

export const CAUSE = {
  instructionMisaligned: 0, instructionAccess: 1, illegalInstruction: 2, breakpoint: 3,
  loadMisaligned: 4, loadAccess: 5, storeMisaligned: 6, storeAccess: 7,
  userCall: 8, supervisorCall: 9, virtualSupervisorCall: 10,
  instructionPage: 12, loadPage: 13, storePage: 15,
  instructionGuestPage: 20, loadGuestPage: 21, virtualInstruction: 22, storeGuestPage: 23,
} as const;
const bit = (cause: number): number => 1 << cause;

/** Exceptions that medeleg can delegate: all that arise below M without the H extension. */
export const MEDELEG = 0xb3ff;
/** hedeleg: the HS-level environment call and everything from 16 up is read-only zero. */
export const HEDELEG = 0xb1ff;
/** Exceptions whose trap value is an address (hstatus.GVA): all but illegal and virtual instruction and calls. */
export const ADDRESS_CAUSES = bit(0) | bit(1) | bit(3) | bit(4) | bit(5) | bit(6) | bit(7)
  | bit(12) | bit(13) | bit(15) | bit(20) | bit(21) | bit(23);
/** Guest-page faults, which report the guest physical address in htval. */
export const GUEST_PAGE_CAUSES = bit(20) | bit(21) | bit(23);

/** misa: RV64 (MXL = 2 in bits 63:62), A, C, I, M, S, U, and H on request. */
export const MISA_HIGH = 2 << 30;
export const MISA_LOW = (1 << 0) | (1 << 2) | (1 << 8) | (1 << 12) | (1 << 18) | (1 << 20);
export const MISA_H = 1 << 7;
