// How many times as high B's values are as A's: the ratio of the medians, each value taken relative to its stratum, and the
// interval of it by resampling whole strata. What the strata have in common, such as a host that is slow for a while, cancels.

import { geometricMean, type Interval, median, quantileOfSorted, xorshift } from "../statistics.ts";
import type { Stratum } from "./rank-sum.ts";

export interface Ratio extends Interval {
  readonly ratio: number;
}

/** What `low` and `high` are; printed wherever they are. */
export const RATIO_INTERVAL = "95 % percentile bootstrap interval over rounds, 2,000 resamples, fixed seed";

const RESAMPLES = 2_000;
const CONFIDENCE = 0.95;
const SEED = 0x2545_f491;

/** Of values above 0. The same strata always give the same interval. */
export function ratioOfMedians(strata: readonly Stratum[]): Ratio {
  const relative = strata.map(({ a, b }): Stratum => {
    const middle = Math.sqrt(geometricMean(a) * geometricMean(b));
    return { a: a.map((value) => value / middle), b: b.map((value) => value / middle) };
  });
  const random = xorshift(SEED);
  const drawn = relative.map(() => 0);
  const ratios = new Float64Array(RESAMPLES).map(() => {
    drawn.forEach((_, index) => { drawn[index] = Math.floor(random() * relative.length); });
    return ratioOf(relative, drawn);
  }).sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { ratio: ratioOf(relative, [...relative.keys()]), low: quantileOfSorted(ratios, tail), high: quantileOfSorted(ratios, 1 - tail) };
}

function ratioOf(strata: readonly Stratum[], drawn: readonly number[]): number {
  const middle = (side: "a" | "b"): number => {
    const values: number[] = [];
    for (const index of drawn) values.push(...strata[index][side]);
    return median(values);
  };
  return middle("b") / middle("a");
}
