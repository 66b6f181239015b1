// The last line of a comparison: what its rows' ratios come to.

import { geometricMean } from "../statistics.ts";

/** `geomean R min R`. */
export function verdict(rows: readonly { readonly ratio: number }[]): string {
  const ratios = rows.map(({ ratio }) => ratio);
  return `geomean ${geometricMean(ratios).toFixed(2)} min ${Math.min(...ratios).toFixed(2)}`;
}
