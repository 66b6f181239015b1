// Where a guest's access went that its second stage does not map.

import type { Hart } from "../machine/hart/hart.ts";

/** It is not one address below 4 GiB. */
export const ELSEWHERE = -1;

/** Bits of an address within a page, but the two that htval leaves out. */
const WORD_MASK = 0xffc;

/**
 * Guest-physical address of the load or store that raised a guest-page fault; ELSEWHERE if it is 4 GiB or
 * above, or what failed was reading the guest's page tables: htval is then of an entry, and not where stval is.
 */
export function faultAddress(hart: Hart): number {
  const shifted = hart.trapGuestLow();
  const value = hart.trapValueLow();
  const address = shifted << 2;
  if (shifted >>> 30 !== 0 || hart.trapGuestHigh() !== 0 || ((address ^ value) & WORD_MASK) !== 0) return ELSEWHERE;
  return (address | (value & 3)) >>> 0;
}
