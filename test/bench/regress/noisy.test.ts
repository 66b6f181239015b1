// Comparisons drawn from rounds, of made-up samples: what noise of 2 % and hosts that are slower for a round do to them.

import { expect, test } from "vitest";
import type { Sample } from "../../../bench/ab/rounds.ts";
import { compareDrawn, type PoolRound } from "../../../bench/regress/noisy-class.ts";

const uniform = (seed: number) => {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
};

test("no more than one in a hundred of the same is called different, and a tenth slower nearly always is", () => {
  const random = uniform(3);
  const pool = Array.from({ length: 35 }, (): PoolRound => {
    const level = 1 + random();
    const samples = (factor: number): Sample[] => [0, 1].map(() => {
      const throughput = level * factor * (1 + 0.02 * 2 * (random() + random() + random() - 1.5));
      return { throughput, wallThroughput: throughput, cpuToWall: 1 };
    });
    return { plain: samples(1), again: samples(1), slower: [samples(0.99), samples(0.9)] };
  });
  const draw = (other: (round: PoolRound) => readonly Sample[]) => compareDrawn(pool, other, 100);
  const [same, hundredth, tenth] = [draw(({ again }) => again), draw(({ slower }) => slower[0]), draw(({ slower }) => slower[1])];
  expect(same.alarms / same.draws).toBeLessThanOrEqual(0.01);
  expect(hundredth.alarms / hundredth.draws).toBeLessThanOrEqual(0.01);
  expect(tenth.alarms / tenth.draws).toBeGreaterThanOrEqual(0.95);
  expect(tenth.ratio).toBeCloseTo(0.9, 1);
});
