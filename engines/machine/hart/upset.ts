// Single-event upsets: what a particle does to a register that the guest on a hart uses. For whoever tests what becomes of it.

import { HART } from "../layout.ts";
import { CSR, isBanked, VIRTUAL_BANK } from "./csr-numbers.ts";
import { requestAttention } from "./signal.ts";
import type { HartState } from "./state.ts";

/** A bit of x1 to x31, of the pc (`x` is 0), or of a CSR by the number that the guest knows it by. */
export type Upset =
  | { readonly kind: "register"; readonly x: number; readonly bit: number }
  | { readonly kind: "csr"; readonly csr: number; readonly bit: number };

/** CSRs that hold state of a guest's supervisor. */
export const GUEST_CSRS: readonly number[] = [
  CSR.sstatus, CSR.sie, CSR.stvec, CSR.scounteren, CSR.senvcfg, CSR.sscratch, CSR.sepc, CSR.scause, CSR.stval, CSR.sip, CSR.stimecmp, CSR.satp,
];

const BITS = 64;
const HALF = 32;
/** Instructions are aligned to 2 bytes: bit 0 of the pc does not exist. */
const LOWEST_PC_BIT = 1;

/** Flips the bit; of a pc or CSR, the next one there is, upwards. The hart executes a guest, between two instructions. Answers
 *  the bit flipped; -1 where the CSR has none. */
export function upset(state: HartState, what: Upset): number {
  if (what.kind === "csr") return upsetCsr(state, what.csr, what.bit);
  const bit = what.x === 0 ? Math.max(what.bit, LOWEST_PC_BIT) : what.bit;
  const word = ((what.x === 0 ? HART.pc : HART.x + 8 * what.x) >> 2) + (bit >>> 5);
  state.block[word] ^= 1 << (bit & 31);
  return bit;
}

function upsetCsr(state: HartState, csr: number, from: number): number {
  const { csrs } = state;
  const own = state.hypervisor && isBanked(csr) ? csr + VIRTUAL_BANK : csr;
  csrs.read(own);
  const { low, high } = csrs;
  for (let step = 0; step < BITS; step++) {
    const bit = (from + step) % BITS;
    const flippedLow = bit < HALF ? low ^ (1 << bit) : low;
    const flippedHigh = bit < HALF ? high : high ^ (1 << (bit - HALF));
    csrs.write(own, flippedLow, flippedHigh, -1);
    csrs.read(own);
    if (csrs.low === low && csrs.high === high) continue;
    if (csr === CSR.satp) state.mmu.select();
    requestAttention(state.block);
    return bit;
  }
  return -1;
}
