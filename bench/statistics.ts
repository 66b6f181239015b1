// Statistics of samples. The interval is a percentile bootstrap of the median: it assumes no
// distribution, and run windows are skewed (a host disturbs them one way only).

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Summary extends Interval {
  readonly median: number;
  readonly mean: number;
  readonly count: number;
}

/** What `low` and `high` of a summary are; printed wherever an interval is. */
export const INTERVAL_METHOD = "95 % percentile bootstrap interval of the median, 2,000 resamples, fixed seed";

const RESAMPLES = 2_000;
const CONFIDENCE = 0.95;
/** Of the standard normal distribution, at 97.5 %. */
const NORMAL_QUANTILE = 1.959963984540054;
const SEED = 0x9e37_79b9;

/** Median, mean and interval of at least one sample. */
export function summarise(samples: readonly number[]): Summary {
  return { median: median(samples), mean: mean(samples), count: samples.length, ...bootstrapMedian(samples) };
}

export function mean(samples: readonly number[]): number {
  requireSamples(samples);
  return samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
}

export function median(samples: readonly number[]): number {
  requireSamples(samples);
  return medianOfSorted(Float64Array.from(samples).sort());
}

export function geometricMean(samples: readonly number[]): number {
  return Math.exp(mean(samples.map((sample) => Math.log(sample))));
}

/** The interval of the median. The same samples always give the same interval. */
export function bootstrapMedian(samples: readonly number[]): Interval {
  requireSamples(samples);
  const random = xorshift(SEED);
  const resample = new Float64Array(samples.length);
  const medians = new Float64Array(RESAMPLES);
  for (let round = 0; round < RESAMPLES; round++) {
    for (let index = 0; index < resample.length; index++) {
      resample[index] = samples[Math.floor(random() * samples.length)];
    }
    medians[round] = medianOfSorted(resample.sort());
  }
  medians.sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantileOfSorted(medians, tail), high: quantileOfSorted(medians, 1 - tail) };
}

/**
 * Jain's fairness index of what each party received against what it was due: 1 when all got the same
 * part of their due, 1/n when one of n got everything. 1 when nobody got anything.
 */
export function jainIndex(received: readonly number[], due: readonly number[]): number {
  requireSamples(received);
  const parts = received.map((amount, index) => amount / due[index]);
  const sum = parts.reduce((total, part) => total + part, 0);
  const squares = parts.reduce((total, part) => total + part * part, 0);
  return squares === 0 ? 1 : (sum * sum) / (parts.length * squares);
}

/**
 * Wilson's score interval, at 95 %, of the probability of what happened `successes` times of `trials`: holds where all or none did, as
 * the interval of the normal approximation does not (Wilson, Probable inference, the law of succession, and statistical inference, 1927).
 */
export function wilson(successes: number, trials: number): Interval {
  if (trials < 1) throw new RangeError("an interval of no trials");
  const rate = successes / trials;
  const z2 = NORMAL_QUANTILE ** 2 / trials;
  const centre = rate + z2 / 2;
  const spread = NORMAL_QUANTILE * Math.sqrt((rate * (1 - rate)) / trials + z2 / (4 * trials));
  return { low: Math.max(0, (centre - spread) / (1 + z2)), high: Math.min(1, (centre + spread) / (1 + z2)) };
}

function requireSamples(samples: readonly number[]): void {
  if (samples.length === 0) throw new RangeError("statistics of no samples");
}

function medianOfSorted(sorted: Float64Array): number {
  return quantileOfSorted(sorted, 0.5);
}

/** Linear interpolation between the two nearest ranks (the definition NumPy and R use by default). */
export function quantileOfSorted(sorted: Float64Array, quantile: number): number {
  const rank = quantile * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Marsaglia's xorshift32, as numbers in [0, 1). */
export function xorshift(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}
