// Where a guest's access went that its second stage does not map.

import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";

/** It is not one address below 4 GiB. */
export const ELSEWHERE = -1;

const PAGE_MASK = 0xfff;

/**
 * Guest-physical address of the load or store that raised a guest-page fault; ELSEWHERE if it is 4 GiB or
 * above, or the fault was in reading the guest's page tables, which the hardware tells by htinst.
 */
export function faultAddress(hart: Hart): number {
  const page = hart.csrLow(CSR.htval);
  if (page >>> 30 !== 0 || hart.csrHigh(CSR.htval) !== 0 || hart.csrLow(CSR.htinst) !== 0) return ELSEWHERE;
  return (((page << 2) & ~PAGE_MASK) | (hart.csrLow(CSR.stval) & PAGE_MASK)) >>> 0;
}
