// A guest's register context in memory, and moving it to and from the hart: the world switch.

import type { PhysicalAddress } from "../address.ts";
import { HART, RAISED } from "../layout.ts";
import {
  BANK, BANK_WORDS, SLOT, SUPERVISOR_BANK, UNBANKED_WORDS, VIRTUAL_SUPERVISOR_BANK,
} from "./csr-slots.ts";
import { ATP_MODE, ATP_MODE_SHIFT, ATP_PAGE_HIGH, ATP_SV39_HIGH } from "./mmu/sv39.ts";
import {
  ALL_COUNTERS, FIOM, HSTATUS, MPP_SHIFT, PRIVILEGE, STATUS, SUPERVISOR_INTERRUPTS, SUPERVISOR_STATUS, VIRTUAL_INTERRUPTS,
} from "./privileged.ts";
import type { HartState } from "./state.ts";

const BANK_BYTES = 0x108;
const UNBANKED_BYTES = BANK_BYTES + 4 * BANK_WORDS;

/** Byte offsets in a context, which is 8-byte aligned in RAM. The registers are the guest's own: vs* where the
 *  engine is a hypervisor, s* where it is machine-mode software; 64 bits each unless said otherwise. */
export const CONTEXT = {
  pc: 0x000,
  /** x[n] at 8 * n, for n from 1. */
  x: 0x000,
  /** i32: 0 U, 1 S. */
  privilege: 0x100,
  /** i32: mip.SSIP as a bit of mip (machine mode only; else hvip, in `pending`, has it). */
  softwareInterrupt: 0x104,
  status: BANK_BYTES + 4 * BANK.status,
  /** Interrupt enables: bits of hie (2, 6, 10) or sie (1, 5, 9). */
  enabled: BANK_BYTES + 4 * BANK.enabled,
  /** Interrupts held pending by software: hvip (2, 6, 10), or mip's STIP and SEIP (5, 9). */
  pending: BANK_BYTES + 4 * BANK.pending,
  tvec: BANK_BYTES + 4 * BANK.tvec,
  epc: BANK_BYTES + 4 * BANK.epc,
  cause: BANK_BYTES + 4 * BANK.cause,
  tval: BANK_BYTES + 4 * BANK.tval,
  atp: BANK_BYTES + 4 * BANK.atp,
  /** vstimecmp or stimecmp. */
  timecmp: BANK_BYTES + 4 * BANK.timecmp,
  scounteren: UNBANKED_BYTES,
  senvcfg: UNBANKED_BYTES + 8,
  htimedelta: UNBANKED_BYTES + 16,
} as const;
export const CONTEXT_BYTES = 0x180;
if (UNBANKED_BYTES + 4 * UNBANKED_WORDS > CONTEXT_BYTES) throw new Error("the context outgrows CONTEXT_BYTES");

const RAISED_WORD = HART.raised >> 2;
const PRIVILEGE_INDEX = CONTEXT.privilege >> 2;
const SOFTWARE_INDEX = CONTEXT.softwareInterrupt >> 2;
const TIMECMP_INDEX = CONTEXT.timecmp >> 2;
const S_STATUS = SUPERVISOR_BANK + BANK.status;
const S_EPC = SUPERVISOR_BANK + BANK.epc;

/** Writes a context that enters `pc` in S-mode with a0 and a1 as a supervisor expects at its start: everything
 *  else zero, counters readable, no timer armed. */
export function resetContext(
  state: HartState, address: PhysicalAddress, pc: number, argument0: number, argument1: number,
): void {
  const { i32 } = state;
  const context = state.memory.offset(address) >>> 2;
  i32.fill(0, context, context + (CONTEXT_BYTES >> 2));
  setNumber(i32, context + (CONTEXT.pc >> 2), pc);
  setNumber(i32, context + (CONTEXT.x >> 2) + 2 * 10, argument0);
  setNumber(i32, context + (CONTEXT.x >> 2) + 2 * 11, argument1);
  i32[context + PRIVILEGE_INDEX] = PRIVILEGE.supervisor;
  i32[context + TIMECMP_INDEX] = -1;
  i32[context + TIMECMP_INDEX + 1] = -1;
  i32[context + (CONTEXT.scounteren >> 2)] = ALL_COUNTERS;
}

/** Stores the context of the guest that the engine was entered from. */
export function saveContext(state: HartState, address: PhysicalAddress): void {
  const { i32, block } = state;
  const offset = state.memory.offset(address);
  state.contexts.save(offset, state.base, state.base + 4 * guestBank(state));
  const context = offset >>> 2;
  if (state.hypervisor) {
    i32[context] = block[S_EPC];
    i32[context + 1] = block[S_EPC + 1];
    i32[context + PRIVILEGE_INDEX] = (block[S_STATUS] & STATUS.SPP) !== 0 ? PRIVILEGE.supervisor : PRIVILEGE.user;
  } else {
    i32[context] = block[SLOT.mepc];
    i32[context + 1] = block[SLOT.mepc + 1];
    i32[context + PRIVILEGE_INDEX] = (block[SLOT.mstatus] & STATUS.MPP) >> MPP_SHIFT;
    i32[context + SOFTWARE_INDEX] = Atomics.load(block, RAISED_WORD) & RAISED.supervisor;
  }
}

/** Makes the hart enter the guest of this context when the engine returns (which drops the reservation). Timers must
 *  be reloaded after. */
export function loadContext(state: HartState, address: PhysicalAddress): void {
  const { i32, block } = state;
  const offset = state.memory.offset(address);
  const bank = guestBank(state);
  state.mmu.forget();
  state.contexts.load(offset, state.base, state.base + 4 * bank);
  const context = offset >>> 2;
  // Masked to a privilege that a guest may have: a machine-mode engine's contexts lie open to its guests.
  const supervisor = (i32[context + PRIVILEGE_INDEX] & PRIVILEGE.supervisor) !== 0;
  if (state.hypervisor) {
    block[S_EPC] = i32[context] & ~1;
    block[S_EPC + 1] = i32[context + 1];
    block[S_STATUS] = (block[S_STATUS] & ~STATUS.SPP) | (supervisor ? STATUS.SPP : 0);
    block[SLOT.hstatus] = (block[SLOT.hstatus] & ~HSTATUS.SPVP) | HSTATUS.SPV | (supervisor ? HSTATUS.SPVP : 0);
  } else {
    block[SLOT.mepc] = i32[context] & ~1;
    block[SLOT.mepc + 1] = i32[context + 1];
    block[SLOT.mstatus] = (block[SLOT.mstatus] & ~STATUS.MPP)
      | ((supervisor ? PRIVILEGE.supervisor : PRIVILEGE.user) << MPP_SHIFT);
    if ((i32[context + SOFTWARE_INDEX] & RAISED.supervisor) !== 0) Atomics.or(block, RAISED_WORD, RAISED.supervisor);
    else Atomics.and(block, RAISED_WORD, ~RAISED.supervisor);
  }
  legalise(block, bank, state.hypervisor ? VIRTUAL_INTERRUPTS : SUPERVISOR_INTERRUPTS);
}

function guestBank(state: HartState): number {
  return state.hypervisor ? VIRTUAL_SUPERVISOR_BANK : SUPERVISOR_BANK;
}

/** Registers loaded from memory take only the values that a CSR write could have given them (WARL). */
function legalise(block: Int32Array, bank: number, interrupts: number): void {
  block[bank + BANK.status] &= SUPERVISOR_STATUS;
  block[bank + BANK.enabled] &= interrupts;
  block[bank + BANK.pending] &= interrupts;
  block[bank + BANK.tvec] &= ~2;
  block[bank + BANK.epc] &= ~1;
  const sv39 = block[bank + BANK.atp + 1] >>> ATP_MODE_SHIFT === ATP_MODE.sv39;
  block[bank + BANK.atp] &= sv39 ? -1 : 0;
  block[bank + BANK.atp + 1] &= sv39 ? ATP_SV39_HIGH | ATP_PAGE_HIGH : 0;
  block[SLOT.scounteren] &= ALL_COUNTERS;
  block[SLOT.senvcfg] &= FIOM;
}

function setNumber(i32: Int32Array, index: number, value: number): void {
  i32[index] = value | 0;
  i32[index + 1] = Math.floor(value / 0x1_0000_0000);
}
