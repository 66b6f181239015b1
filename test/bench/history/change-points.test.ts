// Change points of a published series, and of noise that has or has not any.

import { array, assert, constant, double, integer, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { bestDivision, findChangePoints } from "../../../bench/history/change-points.ts";
import { xorshift } from "../../../bench/statistics.ts";
import { CHANGES, TIGERBEETLE } from "./tigerbeetle.ts";

/** About normal, with a standard deviation of 1: the sum of twelve uniform numbers. */
function noise(seed: number, count: number): number[] {
  const random = xorshift(seed);
  return Array.from({ length: count }, () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6));
}

describe("change points", () => {
  test("of TigerBeetle's series are where Apache Otava finds them", () => {
    const points = findChangePoints(TIGERBEETLE);
    expect(points.map(({ index }) => index)).toEqual(CHANGES);
    expect(points[1].before).toBe(points[0].after);
    expect(points.map(({ before, after }) => Math.round((100 * (after - before)) / before))).toEqual([-8, 21]);
  });

  test("are the same every time, and not of the order of size or sign", () => {
    const series = [...noise(1, 20).map((value) => 100 + value), ...noise(2, 20).map((value) => 130 + value)];
    expect(findChangePoints(series)).toEqual(findChangePoints(series));
    expect(findChangePoints(series.map((value) => -1e-6 * value)).map(({ index }) => index)).toEqual([20]);
  });

  test("are where a step is, however many values have it", () => {
    const any = tuple(integer({ min: 8, max: 20 }), integer({ min: 8, max: 20 }), integer({ min: 1, max: 1 << 30 }));
    assert(property(any, ([before, after, seed]) => {
      const series = noise(seed, before + after).map((value, index) => (index < before ? 100 : 140) + value);
      expect(findChangePoints(series).map(({ index }) => index)).toEqual([before]);
    }), { numRuns: 30 });
  });

  test("of noise alone are seldom, and never of a constant or of few values", () => {
    const alarms = Array.from({ length: 300 }, (_, seed) => findChangePoints(noise(seed + 1, 30).map((value) => 100 + value), 0).length > 0).filter((alarm) => alarm);
    expect(alarms.length, "at a level of 1 %, eleven of 300 are by chance once in 4,000 times").toBeLessThan(11);
    assert(property(array(constant(7), { maxLength: 50 }), (series) => { expect(findChangePoints(series)).toEqual([]); }));
    assert(property(array(double({ noNaN: true, min: -1e9, max: 1e9 }), { maxLength: 3 }), (series) => { expect(findChangePoints(series)).toEqual([]); }));
  });

  test("below the least size are left out, and what lies beside them is one part again", () => {
    const series = [...noise(3, 15).map((value) => 1000 + value), ...noise(4, 15).map((value) => 1030 + value), ...noise(5, 15).map((value) => 1200 + value)];
    expect(findChangePoints(series, 0).map(({ index }) => index)).toEqual([15, 30]);
    const [only, ...others] = findChangePoints(series, 0.05);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ index: 30, before: expect.closeTo(1015, 0), after: expect.closeTo(1200, 0) });
  });

  test("come from the strongest division, worked out anew from its definition", () => {
    const meanDifference = (pairs: readonly (readonly [number, number])[]) => pairs.reduce((sum, [left, right]) => sum + Math.abs(left - right), 0) / pairs.length;
    const within = (values: readonly number[]) => meanDifference(values.flatMap((left, index) => values.slice(index + 1).map((right) => [left, right] as const)));
    const strengthAt = (values: readonly number[], index: number) => {
      const [left, right] = [values.slice(0, index), values.slice(index)];
      const across = meanDifference(left.flatMap((one) => right.map((other) => [one, other] as const)));
      return ((left.length * right.length) / values.length) * (2 * across - within(left) - within(right));
    };
    assert(property(array(integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 25 }), (values) => {
      const best = bestDivision(values)!;
      expect(best.strength).toBeCloseTo(strengthAt(values, best.index), 6);
      const all = Array.from({ length: values.length - 3 }, (_, index) => strengthAt(values, index + 2));
      expect(best.strength).toBeCloseTo(Math.max(...all), 6);
    }));
  });
});
