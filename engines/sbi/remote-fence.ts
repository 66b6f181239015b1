// The range of addresses that SBI's remote fences take.

import type { Hart } from "../machine/hart/hart.ts";

const HIGH_UNIT = 0x1_0000_0000;

/**
 * Whether the start in register `first` and the size in the next are a range: it may end with the address space,
 * not beyond. Size 2^64 - 1, like 0, means all of it, wherever it starts.
 */
export function isRange(hart: Hart, first: number): boolean {
  const size = first + 1;
  if (hart.xLow(size) === -1 && hart.xHigh(size) === -1) return true;
  const low = (hart.xLow(first) >>> 0) + (hart.xLow(size) >>> 0);
  const high = (hart.xHigh(first) >>> 0) + (hart.xHigh(size) >>> 0) + (low >= HIGH_UNIT ? 1 : 0);
  return high < HIGH_UNIT || (high === HIGH_UNIT && low % HIGH_UNIT === 0);
}
