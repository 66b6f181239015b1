// The statistics of --ab against published vectors, against counting every order, and against random samples.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holm } from "../../../bench/ab/holm.ts";
import { fewestRounds, judgeCases, smallestAdjusted } from "../../../bench/ab/judge.ts";
import { rankSumTest, smallestP, type Stratum } from "../../../bench/ab/rank-sum.ts";
import { ratioOfPairs } from "../../../bench/ab/ratio.ts";

/** Ozone in New York, May to September 1973: R's data set `airquality`, days without a figure left out. */
const OZONE = {
  5: [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37],
  6: [29, 71, 39, 23, 21, 37, 20, 12, 13],
  7: [135, 49, 32, 64, 40, 77, 97, 97, 85, 10, 27, 7, 48, 35, 61, 79, 63, 16, 80, 108, 20, 52, 82, 50, 64, 59],
  8: [39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85],
  9: [96, 78, 73, 91, 47, 32, 20, 23, 21, 24, 44, 21, 28, 9, 13, 46, 18, 13, 24, 16, 13, 23, 36, 7, 14, 30, 14, 18, 20],
} as const;

const uniform = (seed: number) => {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
};
const strata = fc.array(fc.record({ a: fc.uniqueArray(fc.nat(1e6), { minLength: 1, maxLength: 4 }), b: fc.uniqueArray(fc.nat(1e6), { minLength: 1, maxLength: 4 }) }), { minLength: 1, maxLength: 3 })
  .map((list): Stratum[] => list.map(({ a, b }) => ({ a: a.map((value) => value + 1), b: b.map((value) => value + 1.5) })));

describe("the rank-sum test", () => {
  test("Hollander and Wolfe (1973), 69f, as in R's example(wilcox.test): W = 35, one-sided p = 0.1272", () => {
    const x = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const y = [1.15, 0.88, 0.90, 0.74, 1.21];
    const { u, p, exact } = rankSumTest([{ a: y, b: x }]);
    expect([u, exact]).toEqual([35, true]);
    expect(p / 2).toBeCloseTo(0.1272, 4);
  });

  test("SciPy's example of mannwhitneyu: U = 17, exact p = 0.1111", () => {
    const { u, p } = rankSumTest([{ a: [20, 11, 17, 12], b: [19, 22, 16, 29, 24] }]);
    expect(u).toBe(17);
    expect(p).toBeCloseTo(0.1111, 4);
  });

  test("ties: W = 51.5 and p = 0.5966 (endmemo.com/r/wilcoxon.php, R's wilcox.test)", () => {
    const { u, p, exact } = rankSumTest([{ a: [12, 15, 5, 9, 9, 14, 56, 22, 3, 7, 32, 5], b: [1, 5, 9, 24, 56, 21, 3, 7, 21, 4] }]);
    expect([u, exact]).toEqual([51.5, false]);
    expect(p).toBeCloseTo(0.5966, 4);
  });

  // Two-sided, from the tables in Siegel, Nonparametric Statistics (1956), table K: the largest U that is significant.
  test.each([[5, 5, 0.05, 2], [8, 8, 0.05, 13], [10, 10, 0.05, 23], [10, 10, 0.02, 19], [15, 20, 0.05, 90], [20, 20, 0.05, 127], [20, 20, 0.02, 114]])(
    "critical value of %i and %i at %d: %i", (n, m, level, critical) => {
      const a = Array.from({ length: n }, (_, index) => index);
      const withU = (u: number): Stratum => ({ a, b: Array.from({ length: m }, (_, index) => {
        const won = Math.min(n, Math.max(0, u - index * n));
        return won - 0.5 + index * 1e-3;
      }) });
      const at = (u: number) => rankSumTest([withU(u)]);
      expect([at(critical).u, at(critical).exact]).toEqual([critical, true]);
      expect(at(critical).p).toBeLessThanOrEqual(level);
      expect(at(critical + 1).p).toBeGreaterThan(level);
    });

  test("the exact p is the part of all orders within strata that is as far out", () => {
    fc.assert(fc.property(strata, (list) => {
      const { u, p } = rankSumTest(list);
      const counts = list.map(({ a, b }) => everySplit([...a, ...b], a.length).map((chosen) => rankSumTest([{ a: chosen, b: [...a, ...b].filter((value) => !chosen.includes(value)) }]).u));
      let totals = [0];
      for (const each of counts) totals = totals.flatMap((total) => each.map((count) => total + count));
      const part = (of: (total: number) => boolean) => totals.filter(of).length / totals.length;
      expect(p).toBeCloseTo(Math.min(1, 2 * Math.min(part((total) => total <= u), part((total) => total >= u))), 10);
    }), { numRuns: 25 });
  });

  test("changing the sides changes nothing, nor does what a stratum has in common", () => {
    fc.assert(fc.property(strata, fc.integer({ min: 1, max: 9 }), (list, factor) => {
      const { p } = rankSumTest(list);
      expect(rankSumTest(list.map(({ a, b }) => ({ a: b, b: a }))).p).toBeCloseTo(p, 12);
      expect(rankSumTest(list.map(({ a, b }, index) => ({ a: a.map((value) => value * factor ** index), b: b.map((value) => value * factor ** index) }))).p).toBe(p);
      expect(p).toBeGreaterThanOrEqual(smallestP(list.map(({ a, b }) => ({ a: a.length, b: b.length }))) - 1e-15);
    }));
  });

  test("approximate and exact agree on many values", () => {
    const random = uniform(5);
    const values = (shift: number) => Array.from({ length: 40 }, () => random() + shift);
    const one = { a: values(0), b: values(0.1) };
    const exact = rankSumTest([one]);
    const tied = rankSumTest([{ a: [...one.a, 5], b: [...one.b, 5] }]);
    expect([exact.exact, tied.exact]).toEqual([true, false]);
    expect(Math.abs(exact.p - tied.p)).toBeLessThan(0.02);
  });

  test("values that are all alike say nothing", () => {
    expect(rankSumTest([{ a: [1, 1], b: [1, 1] }]).p).toBe(1);
  });
});

describe("Holm's correction", () => {
  test("R's pairwise.wilcox.test(Ozone, Month), whose adjustment it is (thoughtfulexaminations.com/?p=18959)", () => {
    const pairs = [[5, 6], [5, 7], [6, 7], [5, 8], [6, 8], [7, 8], [5, 9], [6, 9], [7, 9], [8, 9]] as const;
    const published = [0.5775, 0.0003, 0.0848, 0.0011, 0.1295, 1, 0.4744, 1, 0.0060, 0.0227];
    const adjusted = holm(pairs.map(([one, other]) => rankSumTest([{ a: OZONE[one], b: OZONE[other] }]).p));
    expect(adjusted.map((p) => p.toFixed(4))).toEqual(published.map((p) => p.toFixed(4)));
  });

  test("the example of four in Wikipedia's article: two are rejected at 0.05", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  test("adjusted values are in the order of the values, none is lower, and one alone is itself", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (values) => {
      const adjusted = holm(values);
      values.forEach((value, index) => {
        expect(adjusted[index]).toBeGreaterThanOrEqual(value);
        expect(adjusted[index]).toBeLessThanOrEqual(1);
        const above = values.flatMap((other, at) => (value < other ? [adjusted[at]] : []));
        expect(Math.min(1, ...above)).toBeGreaterThanOrEqual(adjusted[index]);
      });
      expect(holm([values[0]])).toEqual([values[0]]);
      expect(Math.min(...adjusted)).toBeCloseTo(Math.min(1, values.length * Math.min(...values)), 12);
    }));
  });
});

describe("the ratio of pairs", () => {
  test("of sides that differ by a factor is the factor, whatever the rounds are like", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 }), fc.double({ min: 0.2, max: 5, noNaN: true }), (levels, factor) => {
      const { ratio, low, high } = ratioOfPairs(levels.map((level) => ({ a: [level, level], b: [level * factor, level * factor] })));
      for (const value of [ratio, low, high]) expect(value / factor).toBeCloseTo(1, 9);
    }), { numRuns: 20 });
  });

  test("is the median of the ratios of all pairs within rounds", () => {
    expect(ratioOfPairs([{ a: [1], b: [3] }, { a: [10], b: [20, 80] }]).ratio).toBe(3);
    expect(ratioOfPairs([{ a: [1, 2], b: [2, 16] }]).ratio).toBe(4); // of 1, 2, 8 and 16
    expect(ratioOfPairs([{ a: [2, 16], b: [1, 2] }]).ratio).toBe(1 / 4);
  });

  test("the interval holds the ratio about as often as it says", () => {
    const random = uniform(99);
    let covered = 0;
    const trials = 60;
    for (let trial = 0; trial < trials; trial++) {
      const { low, high } = ratioOfPairs(Array.from({ length: 12 }, () => {
        const level = 1 + 9 * random();
        const value = () => level * (0.9 + 0.2 * random());
        return { a: [value(), value()], b: [0.9 * value(), 0.9 * value()] };
      }));
      if (low <= 0.9 && 0.9 <= high) covered++;
    }
    expect(covered).toBeGreaterThan(50);
  });
});

describe("verdicts", () => {
  const rounds = (count: number, factor: number, random: () => number): Stratum[] => Array.from({ length: count }, () => {
    const level = 1 + random();
    const value = () => level * (1 + 0.02 * (random() + random() + random() - 1.5));
    return { a: [value(), value()], b: [factor * value(), factor * value()] };
  });
  const criteria = { level: 0.01, threshold: 5 };

  test("of sides that are alike hardly one is a difference, of a tenth slower all are", () => {
    const random = uniform(7);
    const verdicts = Array.from({ length: 20 }, () => judgeCases([rounds(10, 1, random), rounds(10, 0.9, random), rounds(10, 1.12, random), rounds(10, 0.97, random)], criteria).map(({ verdict }) => verdict));
    for (const each of verdicts) expect(each).toEqual(["no difference", "slower", "faster", "no difference"]);
  });

  test("without a threshold and a correction, as many are as the level says", () => {
    const random = uniform(11);
    const trials = 400;
    const alarms = Array.from({ length: trials }, () => rankSumTest(rounds(9, 1, random)).p).filter((p) => p < 0.05).length;
    expect(alarms / trials).toBeLessThan(0.085);
    expect(alarms / trials).toBeGreaterThan(0.015);
  });

  test("how many rounds it takes to reach a level: 2 / 6^rounds, times the cases", () => {
    expect(smallestAdjusted(10, 5)).toBeCloseTo((5 * 2) / 6 ** 10, 15);
    expect(smallestAdjusted(1, 5)).toBe(1);
    expect([fewestRounds(0.01, 1), fewestRounds(0.01, 5), fewestRounds(1e-9, 5)]).toEqual([3, 4, 13]);
    const apart = Array.from({ length: 4 }, (): Stratum => ({ a: [2, 3], b: [1, 1.5] }));
    expect(rankSumTest(apart).p).toBeCloseTo(smallestAdjusted(4, 1), 12);
  });
});

function everySplit(values: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return values.flatMap((value, index) => everySplit(values.slice(index + 1), size - 1).map((others) => [value, ...others]));
}
