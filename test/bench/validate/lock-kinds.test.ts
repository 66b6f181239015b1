import { describe, expect, test } from "vitest";
import { loadProfile } from "../../../bench/model/profile.ts";
import { handoverOf, slopeOf } from "../../../bench/validate/lock-kinds.ts";

const profile = loadProfile("graviton3");

describe("a handover", () => {
  test("of a ticket lock grows by half a transfer with each hart that waits, as published; an MCS lock's does not grow", () => {
    expect(slopeOf("ticket", profile)).toBeCloseTo(1 / 2, 2);
    expect(slopeOf("mcs", profile)).toBeCloseTo(0, 2);
  });

  test("goes round where locks are fair, and not where they are not", () => {
    expect([handoverOf("ticket", 8, profile).fairness, handoverOf("mcs", 8, profile).fairness].map((index) => index > 0.999)).toEqual([true, true]);
    expect(handoverOf("test-and-set", 8, profile).fairness).toBeLessThan(0.9);
  });
});
