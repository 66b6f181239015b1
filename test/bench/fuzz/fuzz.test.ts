// Fuzzing at a size for every day: some hundreds of operations on each engine, and what fuzzing itself must do.

import { afterEach, describe, expect, test, vi } from "vitest";
import { UsageError } from "../../../bench/exit-code.ts";
import { fuzzEngines } from "../../../bench/fuzz/campaign.ts";
import { minimise } from "../../../bench/fuzz/minimise.ts";
import { parseFuzzCommand } from "../../../bench/fuzz/request.ts";
import { runCase } from "../../../bench/fuzz/run-case.ts";
import { FUZZED } from "../../../bench/fuzz/setting.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { ModelSession } from "../../../bench/model/session.ts";

const COSTS = loadProfile("graviton3");
const goOn = (): boolean => true;

afterEach(() => { vi.restoreAllMocks(); });

test("engines that keep guests apart are fuzzed", () => {
  expect(FUZZED).toEqual(["uniprocessor", "per-core", "smp", "hosted"]);
});

// In threads of their own, as the command has it.
test("every engine goes on, keeps its invariants, and lets honest guests compute", async () => {
  const tallies = await fuzzEngines({ engines: FUZZED, seed: 20, calls: 500, milliseconds: 300_000, threads: 2, costs: COSTS }, goOn);
  expect(tallies.flatMap(({ failures }) => failures)).toEqual([]);
  for (const { engine, calls, signatures } of tallies) {
    // Operations come to a few hundred different things.
    expect({ engine, calls: calls >= 500, different: signatures.size > 100 }).toEqual({ engine, calls: true, different: true });
  }
});

test("the same seed does the same, and its operations replayed too", () => {
  const fuzzCase = { engine: "uniprocessor", seed: 3, calls: 30 } as const;
  const first = runCase(fuzzCase, COSTS, goOn);
  expect(runCase(fuzzCase, COSTS, goOn)).toEqual(first);
  expect(runCase({ ...fuzzCase, replay: first.operations }, COSTS, goOn).signatures).toEqual(first.signatures);
});

test("what does not hold is found, and made small", () => {
  const found = "a planted fault";
  // As if a guest could harm its engine by writing to the console.
  vi.spyOn(ModelSession.prototype, "invariants").mockImplementation(function broken(this: ModelSession) {
    return this.console().length > 0 ? [found] : [];
  });
  const outcome = runCase({ engine: "uniprocessor", seed: 1, calls: 2000 }, COSTS, goOn);
  expect(outcome.failure).toBe(found);
  const before = outcome.operations.flat().length;
  const small = minimise(outcome, 2000, COSTS, goOn);
  expect(small.failure).toBe(found);
  expect(small.operations.flat().length).toBeLessThan(Math.min(before, 20));
});

test("an engine that throws has failed", () => {
  vi.spyOn(ModelSession.prototype, "rest").mockImplementation(() => { throw new Error("it threw"); });
  expect(runCase({ engine: "uniprocessor", seed: 1, calls: 10 }, COSTS, goOn).failure).toContain("the engine ended: Error: it threw");
});

describe("the command line", () => {
  test("without words, everything is fuzzed for long", () => {
    expect(parseFuzzCommand([])).toEqual({ engines: FUZZED, images: true, calls: 1_000_000, seconds: 3600, seed: 1, coverage: false });
  });

  test("what cannot be is refused in one line", () => {
    expect(() => parseFuzzCommand(["--engine", "bare"])).toThrow(new UsageError("unknown engine bare: there are uniprocessor, per-core, smp, hosted, images"));
    expect(() => parseFuzzCommand(["--calls", "0"])).toThrow(new UsageError("--calls 0: not a whole number from 1 to 1000000000"));
    expect(() => parseFuzzCommand(["--seed", "-1"])).toThrow(UsageError);
  });
});
