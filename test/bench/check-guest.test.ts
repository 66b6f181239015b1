import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinWindows } from "../../bench/hart-clock.ts";
import { emptyHistogram } from "../../bench/histogram.ts";
import { checkGuest } from "../../bench/check-guest.ts";

const digest = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const count = fc.integer({ min: 1, max: 2 ** 40 });

function reading(units: number, digestSum: bigint, failures = 0) {
  return { units, digestSum: BigInt.asUintN(64, digestSum), failures, ready: true, finished: false, latency: emptyHistogram() };
}

describe("what a guest computed", () => {
  test("is right when its digests add up, or are one unit ahead", () => {
    fc.assert(fc.property(digest, count, (expected, units) => {
      expect(checkGuest(reading(units, BigInt(units) * expected), expected)).toBeUndefined();
      expect(checkGuest(reading(units, BigInt(units + 1) * expected), expected)).toBeUndefined();
      expect(checkGuest(reading(0, 0n), expected)).toBeUndefined();
    }));
  });

  test("is wrong when they do not: one unit lost, one bit wrong", () => {
    const expected = 0x9d5c_4c1b_f20f_4ca0n;
    fc.assert(fc.property(count, fc.bigInt({ min: 0n, max: 63n }), (units, bit) => {
      expect(checkGuest(reading(units, BigInt(units - 1) * expected), expected)).toContain("wrong result");
      expect(checkGuest(reading(units, (BigInt(units) * expected) ^ (1n << bit)), expected)).toContain("wrong result");
    }));
  });

  test("is wrong when the guest says so", () => {
    expect(checkGuest(reading(5, 50n, 2), 10n)).toBe("2 self-check failures");
  });
});

describe("windows", () => {
  test("last from the first hart's start to the last one's end", () => {
    expect(joinWindows([
      { resumed: 100, paused: 200, cpu: 100, idle: 0 },
      { resumed: 101, paused: 203, cpu: 50, idle: 2 },
    ])).toEqual({ resumed: 100, milliseconds: 103, cpuToWall: 0.75 });
  });

  test("in which harts hardly wanted to run tell nothing of the CPU", () => {
    expect(joinWindows([{ resumed: 0, paused: 100, cpu: 1, idle: 98 }]).cpuToWall).toBeNull();
  });
});
