// Whether what a guest counted is what it should have computed.

import type { UnitsReading } from "./units-page.ts";

const DIGEST_BITS = 64;

/**
 * Why a guest's result is not to be trusted, or undefined when it is right. Every unit of a workload has
 * the digest `expected`; a guest adds a unit's digest before it counts the unit, so the sum may be one
 * unit ahead of the count when the machine is stopped between the two.
 */
export function checkGuest(reading: UnitsReading, expected: bigint): string | undefined {
  if (reading.failures > 0) return `${reading.failures} self-check failures`;
  const sums = [reading.units, reading.units + 1].map((units) => BigInt.asUintN(DIGEST_BITS, BigInt(units) * expected));
  if (sums.includes(reading.digestSum)) return undefined;
  return `wrong result: digest sum ${hexadecimal(reading.digestSum)} after ${reading.units} units, expected ${hexadecimal(sums[0])}`;
}

export const hexadecimal = (value: bigint): string => `0x${value.toString(16).padStart(16, "0")}`;
