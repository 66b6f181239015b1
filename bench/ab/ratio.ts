// How many times as high B's values are as A's: the ratio of the medians, each value taken relative to its stratum, and the
// interval of it by resampling whole strata. What the strata have in common, such as a host that is slow for a while, cancels.

import { geometricMean, type Interval, quantileOfSorted, xorshift } from "../statistics.ts";
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
  const [a, b] = [new Middle(relative.map((each) => each.a)), new Middle(relative.map((each) => each.b))];
  const ratioOf = (drawn: readonly number[]): number => b.of(drawn) / a.of(drawn);
  const random = xorshift(SEED);
  const drawn = relative.map(() => 0);
  const ratios = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let index = 0; index < drawn.length; index++) drawn[index] = Math.floor(random() * drawn.length);
    ratios[resample] = ratioOf(drawn);
  }
  ratios.sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { ratio: ratioOf([...relative.keys()]), low: quantileOfSorted(ratios, tail), high: quantileOfSorted(ratios, 1 - tail) };
}

/** The median of one side's values in some strata, which may be there several times. */
class Middle {
  readonly #values: readonly (readonly number[])[];
  readonly #sorted: number[] = [];

  constructor(values: readonly (readonly number[])[]) {
    this.#values = values;
  }

  /** A few dozen numbers are sorted faster by insertion than by the general sort, which copies them. */
  of(drawn: readonly number[]): number {
    const sorted = this.#sorted;
    let count = 0;
    for (const index of drawn) {
      for (const value of this.#values[index]) {
        let at = count++;
        for (; at > 0 && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
        sorted[at] = value;
      }
    }
    sorted.length = count;
    return count % 2 === 1 ? sorted[(count - 1) / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
  }
}
