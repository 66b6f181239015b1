import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyHistogram } from "../../../bench/histogram.ts";
import { balance, checkWire } from "../../../bench/traffic/network-figures.ts";
import { TRIAL } from "../../../bench/traffic/rules-of-measuring.ts";
import { searchZeroLoss } from "../../../bench/traffic/search.ts";
import type { PortReading } from "../../../engines/machine/network/steering.ts";

const RESOLUTION = 1 / 2 ** TRIAL.steps;

describe("the search for the highest rate without loss", () => {
  test("finds what loses nothing, to within its resolution, and never more", async () => {
    await fc.assert(fc.asyncProperty(fc.double({ min: 0, max: 1.5, noNaN: true }), async (capacity) => {
      const found = await searchZeroLoss(1e6, (rate) => Promise.resolve(rate > capacity * 1e6 ? 1 : 0));
      expect(found).toBeLessThanOrEqual(capacity * 1e6);
      expect(found).toBeGreaterThan(Math.min(capacity, 1) * 1e6 - RESOLUTION * 1e6 - 1);
    }));
  });

  test("forgives what the host costs now and then, not what longer trials show", async () => {
    let trials = 0;
    const disturbed = await searchZeroLoss(6.4e6, (rate) => Promise.resolve(trials++ % TRIAL.tries === 0 || rate > 3e6 ? 5 : 0));
    expect(disturbed).toBe(3e6);
    const slow = await searchZeroLoss(6.4e6, (rate, milliseconds) => Promise.resolve(rate > 3e6 || (milliseconds > TRIAL.milliseconds && rate > 2.5e6) ? 1 : 0));
    expect(slow).toBe(2.5e6);
  });

  test("answers 0 where everything loses, after a bounded number of trials", async () => {
    let trials = 0;
    expect(await searchZeroLoss(1e6, () => { trials++; return Promise.resolve(1); })).toBe(0);
    expect(trials).toBe(TRIAL.steps * TRIAL.tries);
  });
});

const port = (more: Partial<PortReading> = {}): PortReading => ({
  taken: 0, takenForward: 0, dropped: 0, droppedForward: 0, waiting: 0, forwarded: 0, forwardedBytes: 0, latency: emptyHistogram(),
  faults: { foreign: 0, duplicate: 0, corrupt: 0, reordered: 0, forbidden: 0 }, silentFlows: 0, firstFault: undefined, ...more,
});

describe("ports' counts", () => {
  test("balance what arrived and should have departed against what did, ports together", () => {
    const before = [port({ takenForward: 10, droppedForward: 1, forwarded: 3 }), port({ forwarded: 10 })];
    const after = [port({ takenForward: 30, droppedForward: 4, dropped: 99, forwarded: 5 }), port({ takenForward: 2, forwarded: 29 })];
    expect(balance(before, after)).toEqual({ arrived: 25, forwarded: 21 });
  });

  test("that tell of wrong frames fail a case, with the first of them", () => {
    expect(checkWire([port(), port()])).toBeUndefined();
    expect(checkWire([port(), port({
      faults: { foreign: 0, duplicate: 2, corrupt: 1, reordered: 0, forbidden: 0 }, firstFault: { fault: "corrupt", bytes: 60, header: Uint8Array.of(2, 0, 255) },
    })])).toBe("wrong frames at port 1: 2 duplicate, 1 corrupt; the first, corrupt, of 60 bytes: 02 00 ff");
    expect(checkWire([port({ silentFlows: 3 }), port()])).toBe("3 flows that arrive at port 0 and should be forwarded never left port 1");
  });
});
