// Latency histograms as guests keep them: 16 linear buckets, then 16 buckets to every power of two,
// so a bucket is never wider than 1/16 of its lower bound.

import { HISTOGRAM_BUCKETS } from "../engines/machine/network/latency.ts";

const LINEAR = 16;
const PER_OCTAVE = 16;

export interface Histogram {
  /** Events in each of HISTOGRAM_BUCKETS buckets. */
  readonly counts: Float64Array;
  /** The largest value recorded; 0 when there is none. */
  readonly maximum: number;
}

export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly maximum: number;
}

export const emptyHistogram = (): Histogram => ({ counts: new Float64Array(HISTOGRAM_BUCKETS), maximum: 0 });

/** The smallest value of a bucket; that of the next bucket bounds it from above. */
export function lowerBound(bucket: number): number {
  if (bucket < LINEAR) return bucket;
  const exponent = Math.floor(bucket / PER_OCTAVE) + 3;
  return (PER_OCTAVE + (bucket % PER_OCTAVE)) * 2 ** (exponent - 4);
}

export function addHistograms(histograms: readonly Histogram[]): Histogram {
  const sum = emptyHistogram();
  for (const { counts } of histograms) counts.forEach((count, bucket) => (sum.counts[bucket] += count));
  return { counts: sum.counts, maximum: Math.max(0, ...histograms.map((histogram) => histogram.maximum)) };
}

/**
 * What was recorded between two readings of one histogram. Its maximum is exact when it was reached in
 * between, and otherwise the upper bound of the highest bucket that grew.
 */
export function histogramSince(before: Histogram, after: Histogram): Histogram {
  const counts = after.counts.map((count, bucket) => count - before.counts[bucket]);
  const highest = counts.findLastIndex((count) => count > 0);
  if (highest < 0) return { counts, maximum: 0 };
  const maximum = after.maximum > before.maximum ? after.maximum : Math.min(after.maximum, lowerBound(highest + 1) - 1);
  return { counts, maximum };
}

/** Percentiles, as the middle of the bucket they fall in; undefined when nothing was recorded. */
export function summariseLatency(histogram: Histogram): LatencySummary | undefined {
  const count = histogram.counts.reduce((sum, bucket) => sum + bucket, 0);
  if (count === 0) return undefined;
  const at = (quantile: number) => percentile(histogram, quantile * count);
  return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), maximum: histogram.maximum };
}

/** Value below which `rank` of the events lie. */
function percentile(histogram: Histogram, rank: number): number {
  let seen = 0;
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    seen += histogram.counts[bucket];
    if (seen >= rank && seen > 0) {
      const middle = (lowerBound(bucket) + lowerBound(bucket + 1) - 1) / 2;
      return Math.min(middle, histogram.maximum);
    }
  }
  return histogram.maximum;
}
