// How many times as high B's values are as A's: the median of the ratios of all pairs within strata, which are the pairs that
// the rank-sum test counts (Hodges and Lehmann 1963 estimate by such pairs), and the interval of it by resampling whole strata.
// What the values of a stratum have in common, such as a host that is slow for a while, cancels.

import { type Interval, quantileOfSorted, xorshift } from "../statistics.ts";
import type { Stratum } from "./rank-sum.ts";

export interface Ratio extends Interval {
  readonly ratio: number;
}

/** What `low` and `high` are; printed wherever they are. */
export const RATIO_INTERVAL = "95 % percentile bootstrap interval over rounds, 2,000 resamples, fixed seed";

const RESAMPLES = 2_000;
const CONFIDENCE = 0.95;
const SEED = 0x2545_f491;

interface Pair {
  readonly ratio: number;
  readonly stratum: number;
}

/** Of values above 0. The same strata always give the same interval. */
export function ratioOfPairs(strata: readonly Stratum[]): Ratio {
  const pairs = strata.flatMap(({ a, b }, stratum) => b.flatMap((over) => a.map((value): Pair => ({ ratio: over / value, stratum })))).sort((one, other) => one.ratio - other.ratio);
  const drawn = strata.map(() => 1);
  const ratio = middle(pairs, drawn);
  const random = xorshift(SEED);
  const ratios = Float64Array.from({ length: RESAMPLES }, () => {
    drawn.fill(0);
    for (let draw = 0; draw < strata.length; draw++) drawn[Math.floor(random() * strata.length)]++;
    return middle(pairs, drawn);
  }).sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { ratio, low: quantileOfSorted(ratios, tail), high: quantileOfSorted(ratios, 1 - tail) };
}

/** The median of sorted pairs, each there as often as its stratum was drawn; of two in the middle, what is as many times above one as below the other. */
function middle(pairs: readonly Pair[], drawn: readonly number[]): number {
  let all = 0;
  for (const { stratum } of pairs) all += drawn[stratum];
  let before = 0;
  let lower = 0;
  for (const { ratio, stratum } of pairs) {
    before += drawn[stratum];
    if (lower === 0 && 2 * before >= all) lower = ratio;
    if (2 * before > all) return Math.sqrt(lower * ratio);
  }
  return lower;
}
