import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadProfile } from "../../../bench/model/profile.ts";
import { throughputs } from "../../../bench/validate/closed-form.ts";
import { alone, CustomersMachine } from "../../../bench/validate/customers.ts";
import { exponential, lowerBound, upperBound } from "../../../bench/validate/machine-repairman.ts";
import { handoverOf } from "../../../bench/validate/lock-kinds.ts";
import { LOCK_KINDS, type LockName } from "../../../engines/locks/kinds.ts";

const profile = loadProfile("graviton3");
const KINDS = Object.keys(LOCK_KINDS) as LockName[];
/** A window ends in the middle of operations. */
const ROUNDING = 1.01;

const shop = fc.record({
  think: fc.integer({ min: 3, max: 6_000 }).map((half) => 2 * half),
  service: fc.integer({ min: 1, max: 4_000 }),
});

describe("theory", () => {
  test("of machine repairmen, against tables of it", () => {
    // Two customers, Z = S: of the states of the Markov chain with 0, 1, 2 at the server, weights 1, 2, 2; busy in 4 of 5.
    expect(exponential(2, 1, 1)).toBeCloseTo(4 / 5, 12);
    expect(exponential(1, 30, 10)).toBeCloseTo(1 / 40, 12);
    expect([upperBound(3, 7, 1), upperBound(30, 7, 1), lowerBound(3, 7, 1)]).toEqual([3 / 8, 1, 3 / 10]);
  });

  test("its bounds hold what is exact between them", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1e5, noNaN: true }), fc.double({ min: 1, max: 1e4, noNaN: true }), (customers, think, service) => {
      const exact = exponential(customers, think, service);
      expect(exact).toBeLessThanOrEqual(upperBound(customers, think, service) * (1 + 1e-9));
      expect(exact).toBeGreaterThanOrEqual(lowerBound(customers, think, service) * (1 - 1e-9));
    }));
  });
});

describe("a lock on the model clock", () => {
  test("lets a hart that is alone through in exactly the cycles that its steps cost", () => {
    fc.assert(fc.property(shop, fc.constantFrom(...KINDS), ({ think, service }, kind) => {
      const customers = { think, service, kind, costs: profile };
      const machine = new CustomersMachine({ ...customers, harts: 1 });
      machine.run(100_000);
      const { operations: [count] } = machine.run(100 * alone(customers));
      expect(count).toBe(100);
    }), { numRuns: 25 });
  });

  test("is no faster than any queue can be, and no slower than one in which everybody waits for all others", () => {
    const { cycles: handover } = handoverOf("mcs", 64, profile);
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), shop, (harts, { think, service }) => {
      const { model, upper, exponential, lower } = throughputs(harts, { think, service, costs: profile });
      const cycle = alone({ think, service, kind: "mcs", costs: profile });
      expect(model).toBeLessThanOrEqual(upper * ROUNDING);
      expect(model).toBeGreaterThanOrEqual(lower / ROUNDING);
      expect(model).toBeGreaterThanOrEqual(exponential / ROUNDING);
      // Fixed times: nearer to the bound with the handover in it than chance would let them be.
      expect(model).toBeGreaterThan(0.75 * Math.min(harts / cycle, 1 / (service + handover)));
    }), { numRuns: 30 });
  });

  test("is as fast as its service and its handover where harts never stop coming", () => {
    const { cycles: handover } = handoverOf("mcs", 32, profile);
    fc.assert(fc.property(fc.integer({ min: 24, max: 64 }), shop, (harts, { think, service }) => {
      fc.pre(harts * (service + handover) > 2 * (think + service));
      const { model } = throughputs(harts, { think, service, costs: profile });
      expect(model * (service + handover)).toBeGreaterThan(0.98);
      expect(model * (service + handover)).toBeLessThan(1.02);
    }), { numRuns: 12 });
  });
});
