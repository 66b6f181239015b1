// Where the stored CSRs lie: word offsets, from the first word of a hart block, of each one's low half.
// Several CSRs are views of the same storage: sstatus and mstatus share, as do sip, hip, mip and hvip.

import { HART } from "../layout.ts";

const slot = (number: number): number => (HART.csr >> 2) + 2 * number;

/** The registers that exist once for S (or HS) and once for VS, as offsets from the first of a bank. */
export const BANK = {
  status: 0, // SIE, SPIE, SPP, SUM, MXR
  enabled: 2, // interrupt enables: bits 1, 5, 9 for S; 2, 6, 10 for VS
  pending: 4, // pending bits that software sets: STIP and SEIP for S; all of hvip for VS
  tvec: 6,
  scratch: 8,
  epc: 10,
  cause: 12,
  tval: 14,
  atp: 16,
  timecmp: 18,
} as const;
export const BANK_WORDS = 20;

export const SUPERVISOR_BANK = slot(0);
export const VIRTUAL_SUPERVISOR_BANK = slot(10);

/** Registers that a world switch moves beside the bank. */
export const UNBANKED = slot(20);
export const UNBANKED_WORDS = 6;

export const SLOT = {
  scounteren: slot(20), senvcfg: slot(21), htimedelta: slot(22),
  /** mstatus less what sstatus shows. */
  mstatus: slot(23),
  medeleg: slot(24), mideleg: slot(25),
  /** mie less what sie and hie show. */
  mie: slot(26),
  mcounteren: slot(27), menvcfg: slot(28), mepc: slot(29), mcause: slot(30), mtval: slot(31),
  hstatus: slot(32), hedeleg: slot(33), hideleg: slot(34), hcounteren: slot(35), henvcfg: slot(36),
  htval: slot(37), htinst: slot(38),
  /** Not a CSR: the ACLINT's mtimecmp of this hart. */
  mtimecmp: slot(39),
  /** Storage of every register that is read-only zero. */
  zero: slot(40),
} as const;
