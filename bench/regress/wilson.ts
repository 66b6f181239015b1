// The score interval of a rate (Wilson, 1927), 95 %: it holds for rates at 0 and 1 too.

import type { Interval } from "../statistics.ts";

const Z = 1.959_963_984_540_054;

export function wilson(found: number, of: number): Interval {
  const rate = found / of;
  const centre = rate + (Z * Z) / (2 * of);
  const reach = Z * Math.sqrt((rate * (1 - rate)) / of + (Z * Z) / (4 * of * of));
  const scale = 1 + (Z * Z) / of;
  return { low: Math.max(0, (centre - reach) / scale), high: Math.min(1, (centre + reach) / scale) };
}
