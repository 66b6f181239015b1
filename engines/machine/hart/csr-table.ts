// What each CSR is: how it is read and written, where it is stored, and which bits software may write (WARL).

import { CSR, CSR_NUMBERS } from "./csr-numbers.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import {
  ALL_COUNTERS, FIOM, HEDELEG, HSTATUS, INTERRUPT, MEDELEG, MISA_HIGH, MISA_LOW, STCE_HIGH, SUPERVISOR_INTERRUPTS,
  SUPERVISOR_STATUS, UXL_HIGH, VIRTUAL_INTERRUPTS, VSXL_HIGH,
} from "./privileged.ts";

export const KIND = {
  absent: 0,
  /** Stored and masked; nothing else follows from writing it. */
  stored: 1,
  /** As `stored`, but writing it can make an interrupt deliverable. */
  gating: 2,
  misa: 3, hartid: 4, atp: 5, cycle: 6, time: 7, instret: 8,
  mstatus: 9, sie: 10, sip: 11, vsie: 12, vsip: 13, hie: 14, hip: 15, hvip: 16, mie: 17, mip: 18,
  /** Timer comparators, and what decides whether they count. */
  timer: 19,
} as const;

export const KIND_OF = new Uint8Array(CSR_NUMBERS);
export const SLOT_OF = new Uint16Array(CSR_NUMBERS).fill(SLOT.zero);
export const WRITABLE_LOW = new Int32Array(CSR_NUMBERS);
export const WRITABLE_HIGH = new Int32Array(CSR_NUMBERS);
/** Bits of the high half that read as one whatever is stored: XLEN fields. */
export const FIXED_HIGH = new Int32Array(CSR_NUMBERS);

const ALL = -1;

function define(csr: number, kind: number, slot: number, low: number, high: number, fixedHigh = 0): void {
  KIND_OF[csr] = kind;
  SLOT_OF[csr] = slot;
  WRITABLE_LOW[csr] = low;
  WRITABLE_HIGH[csr] = high;
  FIXED_HIGH[csr] = fixedHigh;
}

function defineBank(first: number, bank: number): void {
  const from = (csr: number): number => csr - CSR.sstatus + first;
  define(from(CSR.sstatus), KIND.gating, bank + BANK.status, SUPERVISOR_STATUS, 0, UXL_HIGH);
  // MODE is 0 (direct) or 1 (vectored): bit 1 is reserved and stays clear.
  define(from(CSR.stvec), KIND.stored, bank + BANK.tvec, ~2, ALL);
  define(from(CSR.sscratch), KIND.stored, bank + BANK.scratch, ALL, ALL);
  // IALIGN = 16: only bit 0 is clear.
  define(from(CSR.sepc), KIND.stored, bank + BANK.epc, ~1, ALL);
  define(from(CSR.scause), KIND.stored, bank + BANK.cause, ALL, ALL);
  define(from(CSR.stval), KIND.stored, bank + BANK.tval, ALL, ALL);
  define(from(CSR.satp), KIND.atp, bank + BANK.atp, 0, 0);
  define(from(CSR.stimecmp), KIND.timer, bank + BANK.timecmp, ALL, ALL);
}

defineBank(CSR.sstatus, SUPERVISOR_BANK);
defineBank(CSR.vsstatus, VIRTUAL_SUPERVISOR_BANK);
define(CSR.sie, KIND.sie, SUPERVISOR_BANK + BANK.enabled, SUPERVISOR_INTERRUPTS, 0);
define(CSR.sip, KIND.sip, SUPERVISOR_BANK + BANK.pending, INTERRUPT.SSI, 0);
define(CSR.vsie, KIND.vsie, VIRTUAL_SUPERVISOR_BANK + BANK.enabled, SUPERVISOR_INTERRUPTS, 0);
define(CSR.vsip, KIND.vsip, VIRTUAL_SUPERVISOR_BANK + BANK.pending, INTERRUPT.SSI, 0);
define(CSR.hie, KIND.hie, VIRTUAL_SUPERVISOR_BANK + BANK.enabled, VIRTUAL_INTERRUPTS, 0);
define(CSR.hip, KIND.hip, VIRTUAL_SUPERVISOR_BANK + BANK.pending, INTERRUPT.VSSI, 0);
define(CSR.hvip, KIND.hvip, VIRTUAL_SUPERVISOR_BANK + BANK.pending, VIRTUAL_INTERRUPTS, 0);
define(CSR.scounteren, KIND.stored, SLOT.scounteren, ALL_COUNTERS, 0);
define(CSR.senvcfg, KIND.stored, SLOT.senvcfg, FIOM, 0);

define(CSR.hstatus, KIND.stored, SLOT.hstatus,
  HSTATUS.GVA | HSTATUS.SPV | HSTATUS.SPVP | HSTATUS.VTVM | HSTATUS.VTW | HSTATUS.VTSR, 0, VSXL_HIGH);
define(CSR.hedeleg, KIND.stored, SLOT.hedeleg, HEDELEG, 0);
define(CSR.hideleg, KIND.gating, SLOT.hideleg, VIRTUAL_INTERRUPTS, 0);
define(CSR.htimedelta, KIND.timer, SLOT.htimedelta, ALL, ALL);
define(CSR.hcounteren, KIND.stored, SLOT.hcounteren, ALL_COUNTERS, 0);
define(CSR.henvcfg, KIND.timer, SLOT.henvcfg, FIOM, STCE_HIGH);
define(CSR.htval, KIND.stored, SLOT.htval, ALL, ALL);
// htinst is always zero: a hypervisor must do without (it is, on machines that guests meet).
define(CSR.htinst, KIND.stored, SLOT.htinst, 0, 0);
// The second stage is a table of regions (second-stage.ts); of hgatp's modes there is only Bare.
define(CSR.hgatp, KIND.stored, SLOT.zero, 0, 0);
define(CSR.hgeie, KIND.stored, SLOT.zero, 0, 0); // GEILEN = 0
define(CSR.hgeip, KIND.stored, SLOT.zero, 0, 0);

define(CSR.mstatus, KIND.mstatus, SLOT.mstatus, 0, 0);
define(CSR.misa, KIND.misa, SLOT.zero, MISA_LOW, MISA_HIGH);
define(CSR.medeleg, KIND.stored, SLOT.medeleg, MEDELEG, 0);
define(CSR.mideleg, KIND.gating, SLOT.mideleg, SUPERVISOR_INTERRUPTS, 0);
define(CSR.mie, KIND.mie, SLOT.mie, 0, 0);
define(CSR.mip, KIND.mip, SLOT.zero, 0, 0);
define(CSR.mcounteren, KIND.stored, SLOT.mcounteren, ALL_COUNTERS, 0);
define(CSR.menvcfg, KIND.timer, SLOT.menvcfg, FIOM, STCE_HIGH);
define(CSR.mepc, KIND.stored, SLOT.mepc, ~1, ALL);
define(CSR.mcause, KIND.stored, SLOT.mcause, ALL, ALL);
define(CSR.mtval, KIND.stored, SLOT.mtval, ALL, ALL);
define(CSR.mvendorid, KIND.stored, SLOT.zero, 0, 0); // not a commercial implementation
define(CSR.marchid, KIND.stored, SLOT.zero, 0, 0);
define(CSR.mimpid, KIND.stored, SLOT.zero, 0, 0);
define(CSR.mhartid, KIND.hartid, SLOT.zero, 0, 0);

define(CSR.cycle, KIND.cycle, SLOT.zero, 0, 0);
define(CSR.time, KIND.time, SLOT.zero, 0, 0);
define(CSR.instret, KIND.instret, SLOT.zero, 0, 0);
