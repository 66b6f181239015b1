import { describe, expect, test } from "vitest";
import { Limits } from "../../../bench/compare/limits.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { EXACT_CASES, tryExact } from "../../../bench/regress/exact-class.ts";
import { wilson } from "../../../bench/regress/wilson.ts";

describe("Wilson's interval", () => {
  // Newcombe (1998), Statistics in Medicine 17, table I, method 3.
  test.each([[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]])("%i of %i", (found, of, low, high) => {
    const interval = wilson(found, of);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe("a slowdown planted in an engine", () => {
  test.each([EXACT_CASES[0], EXACT_CASES[7]])("is found in exact figures however small, and nothing else is: $workload on $engine", (subject) => {
    const { alarms, figures, planted } = tryExact(subject, loadProfile("graviton3"), 1, [0.1, 5], Limits.none());
    expect(alarms).toBe(0);
    expect(figures).toBeGreaterThan(8);
    expect(planted.map(({ found }) => found)).toEqual([true, true]);
    expect(planted[1].lost).toBeGreaterThan(3);
    expect(planted[1].lost).toBeLessThan(7);
  });
});
