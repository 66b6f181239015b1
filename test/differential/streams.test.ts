// The same random programs on QEMU and on our machine, interpreted and translated. SEED=n tries other programs.

import { describe, expect, test } from "vitest";
import { describeStream, programOf, randomStream, type RandomStream } from "./generator.ts";
import type { Tier } from "./machine.ts";
import { hasQemu } from "./qemu.ts";
import { differences, expectedResults, explain, machineResults } from "./run.ts";
import { shrink } from "./shrink.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const LIMIT_MILLISECONDS = 300_000;
const NEVER = Infinity;

interface Round {
  readonly name: string;
  readonly tier: Tier;
  readonly streams: number;
  readonly passes: number;
}

// Slices of odd lengths end everywhere; with the third pass all that two passes made hot has been translated.
const ROUNDS: readonly Round[] = [
  { name: "interpreted", tier: { hotThreshold: NEVER, slice: 1_000_000 }, streams: 1500, passes: 1 },
  { name: "interpreted in short slices", tier: { hotThreshold: NEVER, slice: 7 }, streams: 500, passes: 1 },
  { name: "translated at once", tier: { hotThreshold: 1, slice: 1_000_000 }, streams: 300, passes: 2 },
  { name: "translated in short slices", tier: { hotThreshold: 1, slice: 53 }, streams: 200, passes: 2 },
  { name: "translated when warm", tier: { hotThreshold: 3, slice: 4001 }, streams: 200, passes: 4 },
];

function streamsOf(seed: number, count: number): readonly RandomStream[] {
  return Array.from({ length: count }, (_, number) => randomStream(seed, number));
}

describe.skipIf(!hasQemu)("random instruction streams end as in QEMU", () => {
  test.each(ROUNDS.map((round, index) => ({ ...round, seed: SEED * ROUNDS.length + index })))("$name", ({ tier, streams: count, passes, seed }) => {
    const streams = streamsOf(seed, count);
    const program = programOf(seed, streams, passes);
    const expected = expectedResults(program);
    const { results, run } = machineResults(program, tier);
    const [first] = differences(results, expected, program);
    if (first !== undefined) expect.fail(explain(streams[first.stream], seed, first.stream, passes, tier));
    // The streams did run, and did trap, and were translated where they were to be.
    expect(run.retired).toBeGreaterThan(200 * count);
    const causes = new Set(streams.flatMap((_, stream) => expected.causes(stream)));
    expect([...causes].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(run.statistics.units > 0).toBe(tier.hotThreshold !== NEVER);
  }, LIMIT_MILLISECONDS);
});

test("every tier and slice retires the same number of instructions", () => {
  const program = programOf(SEED, streamsOf(SEED, 60), 2);
  const counts = [
    { hotThreshold: NEVER, slice: 1_000_000 }, { hotThreshold: NEVER, slice: 1 }, { hotThreshold: NEVER, slice: 10 },
    { hotThreshold: 1, slice: 1_000_000 }, { hotThreshold: 1, slice: 1 }, { hotThreshold: 1, slice: 31 }, { hotThreshold: 4, slice: 1009 },
  ].map((tier) => machineResults(program, tier).run.retired);
  expect(counts).toEqual(counts.map(() => counts[0]));
}, LIMIT_MILLISECONDS);

test("a failing stream shrinks to what makes it fail", () => {
  const isWanted = (stream: RandomStream): boolean => / sret$/m.test(describeStream(stream)) && stream.registers[7] !== 0n;
  const stream = Array.from({ length: 200 }, (_, number) => randomStream(SEED, number)).find(isWanted);
  if (stream === undefined) throw new Error("no stream has what is wanted");
  const smallest = shrink(stream, (candidates) => candidates.map(isWanted));
  expect(smallest.items.map((item) => item.text)).toEqual(["sret"]);
  expect(smallest.registers.filter((value) => value !== 0n)).toHaveLength(1);
});
