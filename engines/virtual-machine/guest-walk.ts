// A guest's own page tables, walked by the engine: where an instruction lies that it has to decode, or memory that
// a call names by a virtual address.
// Privileged Architecture, "Sv39: Page-Based 39-bit Virtual-Memory System".

import type { PhysicalAddress } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { STATUS } from "../machine/hart/privileged.ts";
import { field, NONE } from "../state/words.ts";
import { physicalOf } from "./memory.ts";

/** The guest could not go there itself. */
export const UNMAPPED = -1;

const LEVELS = 3;
const PTE_BYTES = 8;
const PAGE = 0x1000;
const PTE = { V: 1 << 0, R: 1 << 1, W: 1 << 2, X: 1 << 3, U: 1 << 4 } as const;
/** High half: bits 53:32 belong to the page number, those above must be zero. */
const PPN_HIGH = 0x3f_ffff;
const PPN_UNIT = 0x40_0000;
const ROOT_PPN_HIGH = 0xfff;
const HIGH_UNIT = 0x1_0000_0000;
/** satp.MODE, in the high half. */
const MODE_SHIFT = 28;
const BARE = 0;
const SV39 = 8;

/** Which pages an access may use: those of user mode, those of the supervisor, or both. */
const USER = { only: PTE.U, never: 0, also: -1 } as const;

/** Guest-physical address that the guest's privilege, when it trapped, fetches from at a virtual one; or UNMAPPED. */
export function translateFetch(hart: Hart, vm: PhysicalAddress, low: number, high: number): number {
  if (hart.csrHigh(CSR.vsatp) >>> MODE_SHIFT === BARE) return (high >>> 0) * HIGH_UNIT + (low >>> 0);
  const user = (hart.csrLow(CSR.sstatus) & STATUS.SPP) === 0;
  return translate(hart, vm, CSR.vsatp, PTE.X, user ? USER.only : USER.never, low, high);
}

/**
 * Guest-physical address that the guest's supervisor reads from at a virtual one, or UNMAPPED. `atp` and `status` are
 * the CSRs in which the engine finds its satp and sstatus.
 */
export function translateRead(hart: Hart, vm: PhysicalAddress, atp: number, status: number, low: number, high: number): number {
  const bits = hart.csrLow(status);
  const rights = (bits & STATUS.MXR) !== 0 ? PTE.R | PTE.X : PTE.R;
  return translate(hart, vm, atp, rights, (bits & STATUS.SUM) !== 0 ? USER.also : USER.never, low, high);
}

/** `rights`: bits of a page of which one at least must be set. */
function translate(hart: Hart, vm: PhysicalAddress, atp: number, rights: number, user: number, low: number, high: number): number {
  const rootHigh = hart.csrHigh(atp);
  const mode = rootHigh >>> MODE_SHIFT;
  if (mode === BARE) return (high >>> 0) * HIGH_UNIT + (low >>> 0);
  // Bits 63:39 must be copies of bit 38.
  if (mode !== SV39 || (high >> 6 !== 0 && high >> 6 !== -1)) return UNMAPPED;
  const { memory } = hart;
  const pages = ((high & 0x7f) << 20) | (low >>> 12);
  let table = ((rootHigh & ROOT_PPN_HIGH) * HIGH_UNIT + (hart.csrLow(atp) >>> 0)) * PAGE;
  for (let level = LEVELS - 1; level >= 0; level--) {
    const entry = physicalOf(memory, vm, table + ((pages >>> (9 * level)) & 0x1ff) * PTE_BYTES, PTE_BYTES);
    if (entry === NONE) return UNMAPPED;
    const pteLow = memory.load(entry);
    const pteHigh = memory.load(field(entry, 4));
    if ((pteLow & PTE.V) === 0 || (pteLow & (PTE.R | PTE.W)) === PTE.W || (pteHigh & ~PPN_HIGH) !== 0) return UNMAPPED;
    const page = (pteHigh & PPN_HIGH) * PPN_UNIT + (pteLow >>> 10);
    if ((pteLow & (PTE.R | PTE.X)) === 0) {
      table = page * PAGE;
      continue;
    }
    const within = (1 << (9 * level)) - 1;
    if ((pteLow & rights) === 0 || (user !== USER.also && (pteLow & PTE.U) !== user) || (pteLow >>> 10 & within) !== 0) return UNMAPPED;
    return (page + (pages & within)) * PAGE + (low & (PAGE - 1));
  }
  return UNMAPPED;
}
