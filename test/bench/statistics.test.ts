import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { bootstrapMedian, geometricMean, jainIndex, mean, median, summarise, wilson } from "../../bench/statistics.ts";

const samples = fc.array(fc.double({ min: 0.001, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 30 });

describe("statistics", () => {
  test("median and mean of known samples", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([100, 20, 3])).toBe(20); // numeric, not by text
    expect(mean([1, 2, 6])).toBe(3);
    expect(geometricMean([1, 4, 16])).toBeCloseTo(4, 12);
  });

  test("Jain's index: its known values and bounds", () => {
    expect(jainIndex([5, 5, 5], [1, 1, 1])).toBeCloseTo(1, 12);
    expect(jainIndex([9, 0, 0], [1, 1, 1])).toBeCloseTo(1 / 3, 12);
    expect(jainIndex([3, 1], [1, 1])).toBeCloseTo(16 / 20, 12);
    expect(jainIndex([30, 10], [3, 1])).toBeCloseTo(1, 12); // unequal shares, each got its due
    expect(jainIndex([0, 0], [1, 1])).toBe(1);
  });

  test("Wilson's interval: known values, and where all or none happened", () => {
    // Newcombe, Two-sided confidence intervals for the single proportion (1998), table I: method 3.
    for (const [successes, trials, low, high] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]]) {
      expect(wilson(successes, trials).low).toBeCloseTo(low, 4);
      expect(wilson(successes, trials).high).toBeCloseTo(high, 4);
    }
    expect(wilson(1000, 1000)).toEqual({ low: expect.closeTo(0.99617, 5) as number, high: 1 });
  });

  test("an interval holds the median, lies within the samples, and repeats", () => {
    fc.assert(fc.property(samples, (values) => {
      const { low, high, median: middle, count } = summarise(values);
      expect(count).toBe(values.length);
      expect(low).toBeLessThanOrEqual(middle);
      expect(high).toBeGreaterThanOrEqual(middle);
      expect(low).toBeGreaterThanOrEqual(Math.min(...values));
      expect(high).toBeLessThanOrEqual(Math.max(...values));
      expect(bootstrapMedian(values)).toEqual({ low, high });
    }), { numRuns: 50 });
  });

  test("the interval covers the true median about as often as it says", () => {
    let state = 12345;
    const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const trials = 200;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const { low, high } = bootstrapMedian(Array.from({ length: 21 }, uniform));
      if (low <= 0.5 && 0.5 <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.88);
    expect(covered / trials).toBeLessThan(1);
  });

  test("no samples are an error, not a number", () => {
    expect(() => median([])).toThrow("no samples");
    expect(() => jainIndex([], [])).toThrow("no samples");
  });
});
