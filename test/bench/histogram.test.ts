import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { bucketOf, HISTOGRAM_BUCKETS } from "../../engines/machine/network/latency.ts";
import { addHistograms, emptyHistogram, histogramSince, type Histogram, type LatencySummary, lowerBound, summariseLatency } from "../../bench/histogram.ts";

function record(values: readonly number[]): Histogram {
  const histogram = emptyHistogram();
  for (const value of values) histogram.counts[bucketOf(value)]++;
  return { counts: histogram.counts, maximum: Math.max(0, ...values) };
}

function summarised(histogram: Histogram): LatencySummary {
  const summary = summariseLatency(histogram);
  if (summary === undefined) throw new Error("the histogram is empty");
  return summary;
}

const values = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 200 });

describe("latency histograms", () => {
  test("the guests' bucket rule", () => {
    expect(bucketOf(0)).toBe(0);
    expect(bucketOf(15)).toBe(15);
    expect(bucketOf(16)).toBe(16); // e = 4: (4 - 3) * 16 + 0
    expect(bucketOf(31)).toBe(31);
    expect(bucketOf(32)).toBe(32);
    expect(bucketOf(33)).toBe(32);
    expect(bucketOf(1000)).toBe((9 - 3) * 16 + ((1000 >> 5) & 15));
    expect(bucketOf(2 ** 60)).toBe(HISTOGRAM_BUCKETS - 1);
  });

  test("every value lies within its bucket", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (value) => {
      const bucket = bucketOf(value);
      expect(lowerBound(bucket)).toBeLessThanOrEqual(value);
      expect(lowerBound(bucket + 1)).toBeGreaterThan(value);
    }));
  });

  test("percentiles are within a bucket of the exact ones", () => {
    fc.assert(fc.property(values, (list) => {
      const summary = summarised(record(list));
      const sorted = [...list].sort((a, b) => a - b);
      for (const [quantile, found] of [[0.5, summary.p50], [0.9, summary.p90], [0.99, summary.p99]] as const) {
        const exact = sorted[Math.ceil(quantile * sorted.length) - 1];
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(1, exact / 16));
      }
      expect(summary.maximum).toBe(sorted.at(-1));
      expect(summary.count).toBe(list.length);
    }));
  });

  test("what came before a reading does not count", () => {
    const before = record([5, 1_000_000]);
    const after = addHistograms([before, record([7, 9])]);
    expect(summariseLatency(histogramSince(before, after))).toMatchObject({ count: 2, maximum: 9 });
    expect(summarised(histogramSince(before, addHistograms([before, record([2_000_000])]))).maximum).toBe(2_000_000);
    expect(summariseLatency(histogramSince(after, after))).toBeUndefined();
  });
});
