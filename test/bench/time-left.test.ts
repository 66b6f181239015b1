import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TimeLeft } from "../../bench/time-left.ts";

const milliseconds = fc.integer({ min: 1, max: 10_000 });

test("before anything was measured, what was expected is left", () => {
  fc.assert(fc.property(fc.array(milliseconds), (expected) => {
    expect(new TimeLeft(expected).milliseconds()).toBe(expected.reduce((sum, each) => sum + each, 0));
  }));
});

test("cases that all take so many times what was expected leave up to so many times the rest, and nearly that when there were many", () => {
  fc.assert(fc.property(fc.array(milliseconds, { minLength: 1 }), fc.integer({ min: 1, max: 8 }), fc.nat(), (expected, factor, number) => {
    const left = new TimeLeft(expected);
    const ended = 1 + (number % expected.length);
    for (const each of expected.slice(0, ended)) left.end(factor * each);
    const rest = expected.slice(ended).reduce((sum, each) => sum + each, 0);
    expect(left.milliseconds()).toBeGreaterThanOrEqual(rest);
    expect(left.milliseconds()).toBeLessThanOrEqual(factor * rest * (1 + Number.EPSILON));
  }));
  const left = new TimeLeft([1_000_000, 500]);
  left.end(3_000_000);
  expect(left.milliseconds()).toBeCloseTo(1_490, -1);
});
