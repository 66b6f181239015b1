// The same random programs on QEMU and on our machine, interpreted and translated. SEED=n tries other programs.

import { describe, expect, test } from "vitest";
import { describeStream, programOf, randomStream, USUAL_SIZE, type RandomStream } from "./generator.ts";
import type { Tier } from "./machine.ts";
import { hasQemu } from "./qemu.ts";
import { differences, expectedResults, explain, machineResults } from "./run.ts";
import { shrink } from "./shrink.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const LIMIT_MILLISECONDS = 300_000;
const NEVER = Infinity;
const MODES = ["machine", "hypervisor"] as const;

interface Round {
  readonly name: string;
  readonly tier: Tier;
  readonly streams: number;
  readonly passes: number;
  readonly size: readonly [number, number];
}

/** Exceptions that enough streams raise: all that there are from S and U in this machine without paging. */
const CAUSES = [1, 2, 3, 4, 5, 6, 7];
/** So many streams raise all of them, whatever the seed; so few may raise none. */
const MANY = 1000;
const FEW = 10;

// Slices of odd lengths end everywhere; with the third pass all that two passes made hot has been translated.
const ROUNDS: readonly Round[] = [
  { name: "interpreted", tier: { mode: "machine", hotThreshold: NEVER, slice: 1_000_000 }, streams: 1500, passes: 1, size: USUAL_SIZE },
  { name: "interpreted in short slices", tier: { mode: "hypervisor", hotThreshold: NEVER, slice: 7 }, streams: 500, passes: 1, size: USUAL_SIZE },
  { name: "translated at once", tier: { mode: "machine", hotThreshold: 1, slice: 1_000_000 }, streams: 200, passes: 2, size: USUAL_SIZE },
  { name: "translated at once, with a second stage", tier: { mode: "hypervisor", hotThreshold: 1, slice: 1_000_000 }, streams: 100, passes: 2, size: USUAL_SIZE },
  { name: "translated in short slices", tier: { mode: "machine", hotThreshold: 1, slice: 53 }, streams: 100, passes: 2, size: USUAL_SIZE },
  { name: "translated for all with the same code", tier: { mode: "hypervisor", hotThreshold: 1, slice: 1_000_000, shared: true }, streams: 100, passes: 2, size: USUAL_SIZE },
  { name: "translated for all places", tier: { mode: "machine", hotThreshold: 1, slice: 1_000_000, placed: true }, streams: 100, passes: 2, size: USUAL_SIZE },
  { name: "translated for all with the same code, in short slices", tier: { mode: "hypervisor", hotThreshold: 3, slice: 403, shared: true }, streams: 100, passes: 3, size: USUAL_SIZE },
  { name: "translated when warm", tier: { mode: "hypervisor", hotThreshold: 3, slice: 4001 }, streams: 200, passes: 4, size: USUAL_SIZE },
  // More instructions than the translator takes for one function.
  { name: "translated in long functions", tier: { mode: "hypervisor", hotThreshold: 1, slice: 20_000 }, streams: 2, passes: 2, size: [2500, 4000] },
  { name: "translated in long functions, in slices shorter than they", tier: { mode: "machine", hotThreshold: 2, slice: 400 }, streams: 1, passes: 3, size: [2500, 4000] },
];

function streamsOf(seed: number, count: number, size: readonly [number, number] = USUAL_SIZE): readonly RandomStream[] {
  return Array.from({ length: count }, (_, number) => randomStream(seed, number, size));
}

describe.skipIf(!hasQemu)("random instruction streams end as in QEMU", () => {
  test.each(ROUNDS.map((round, index) => ({ ...round, seed: SEED * ROUNDS.length + index })))("$name", ({ tier, streams: count, passes, size, seed }) => {
    const streams = streamsOf(seed, count, size);
    const program = programOf(seed, streams, passes);
    const expected = expectedResults(program);
    const { results, run } = machineResults(program, tier);
    const [first] = differences(results, expected, program);
    expect(first === undefined ? "" : explain(streams[first.stream], seed, first.stream, passes, tier)).toBe("");
    // The streams did run, and did trap, and were translated where they were to be.
    expect(run.end.halted).toBe(true);
    expect(run.end.retired).toBeGreaterThan(200 * count);
    const causes = new Set(streams.flatMap((_, stream) => expected.causes(stream)));
    const needed = count < FEW ? [] : count < MANY ? [2, 3] : CAUSES;
    expect(needed.filter((cause) => !causes.has(cause))).toEqual([]);
    expect(run.statistics.units > 0).toBe(tier.hotThreshold !== NEVER);
  }, LIMIT_MILLISECONDS);
});

test("every tier and slice retires the same number of instructions", () => {
  const program = programOf(SEED, streamsOf(SEED, 40), 2);
  const counts = [
    { hotThreshold: NEVER, slice: 1_000_000 }, { hotThreshold: NEVER, slice: 1 }, { hotThreshold: NEVER, slice: 10 },
    { hotThreshold: 1, slice: 1_000_000 }, { hotThreshold: 1, slice: 1 }, { hotThreshold: 1, slice: 31 }, { hotThreshold: 4, slice: 1009 },
  ].flatMap((tier) => MODES.map((mode) => machineResults(program, { ...tier, mode }).run.end));
  expect(counts[0].halted).toBe(true);
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
