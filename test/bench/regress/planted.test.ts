import { describe, expect, test } from "vitest";
import { Limits } from "../../../bench/compare/limits.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { EXACT_CASES, tryExact } from "../../../bench/regress/exact-class.ts";

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
