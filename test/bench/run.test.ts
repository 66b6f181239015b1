import { beforeEach, describe, expect, test } from "vitest";
import type { BenchCase } from "../../bench/case.ts";
import { parseCommandLine, type BenchRequest } from "../../bench/cli.ts";
import { readHostCounters } from "../../bench/noise/host-state.ts";
import { planCases } from "../../bench/plan.ts";
import type { ResultRow } from "../../bench/results/schema.ts";
import { runCases } from "../../bench/run.ts";
import { vocabularyOf } from "../../bench/vocabulary.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { buildElf, SEGMENT_LOAD, TYPE_DYNAMIC } from "../loader/elf-builder.ts";
import { jal } from "../machine/assembly.ts";

const BASE = 0x8020_0000;
const EVERYTHING_ALLOWED = 7;
const engines: readonly EngineDescription[] = Object.values(ENGINES);

function cases(words: string): BenchCase[] {
  const request = parseCommandLine(words.split(" "), vocabularyOf(engines, CATALOGUE)) as BenchRequest;
  return [...planCases(request, engines, CATALOGUE, 2).cases];
}

function withImage(benchCase: BenchCase, vm: number, image: Uint8Array): BenchCase {
  const vms = benchCase.configuration.vms.map((machine, index) => (index === vm ? { ...machine, image } : machine));
  return { ...benchCase, configuration: { ...benchCase.configuration, vms } };
}

const guestOf = (...words: number[]): Uint8Array => buildElf({
  type: TYPE_DYNAMIC, entry: BASE,
  segments: [{ type: SEGMENT_LOAD, rights: EVERYTHING_ALLOWED, address: BASE, bytes: new Uint8Array(Int32Array.from(words).buffer), memoryBytes: 4096, alignment: 4096 }],
});

let rows: ResultRow[];
let said: string[];
beforeEach(() => { rows = []; said = []; });

/** The watchdog is generous: tests share the host with others. */
async function run(list: readonly BenchCase[], { interrupted = (): boolean => false, watchdogMs = 10_000 } = {}): Promise<void> {
  await runCases(list, {
    timing: { windowMs: 60, samples: 3, warmUpMs: 60, watchdogMs }, cores: 2, look: readHostCounters, revision: "test",
    progress: { begin: () => undefined, say: () => undefined, end: (outcome) => said.push(outcome) },
    keep: (more) => rows.push(...more), before: new Map(), departed: () => undefined, interrupted,
  });
}

const summaries = (): ResultRow[] => rows.filter((row) => row.sample === null);

describe("a run", () => {
  test("measures, checks and reports a case on every engine", { timeout: 60_000 }, async () => {
    const list = [...cases("--workload compute-hash --harts 1"), ...cases("--workload contend --engine smp --harts 2")];
    await run(list);
    for (const benchCase of list) {
      const own = rows.filter((row) => row.engine === benchCase.engine && row.workload === benchCase.workload && row.harts === benchCase.harts);
      const throughput = own.filter((row) => row.metric === "throughput" && row.subject === "" && row.options === "");
      expect(throughput.filter((row) => row.sample !== null).map((row) => row.sample)).toEqual([0, 1, 2]);
      const [summary] = throughput.filter((row) => row.sample === null);
      expect(throughput.some((row) => (row.value ?? 0) > 0)).toBe(true);
      expect(summary.low).toBeLessThanOrEqual(summary.value ?? NaN);
      expect(summary.high).toBeGreaterThanOrEqual(summary.value ?? NaN);
      expect(summary.samples).toBe(3);
      expect(summary.image).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(summaries().some((row) => row.metric === "overhead" && row.engine === "uniprocessor")).toBe(true);
    expect(summaries().some((row) => row.metric === "overhead" && row.engine === "bare")).toBe(false);
    const timed = summaries().filter((row) => row.options === "lock-timing=on");
    expect(timed.find((row) => row.metric === "probe-cost")?.value).toBeGreaterThan(0);
    expect(timed.some((row) => row.metric === "lock-holding" && (row.value ?? 0) > 0)).toBe(true);
    expect(summaries().some((row) => row.metric === "lock-acquisitions" && row.engine === "per-core" && row.value === 0)).toBe(true);
  });

  test("a guest that crashes, hangs, is no program or computes something else is a failed row, and the run goes on", { timeout: 60_000 }, async () => {
    const [good] = cases("--workload compute-hash --engine uniprocessor --harts 1") as [BenchCase];
    const illegalInstruction = guestOf(0);
    const endlessLoop = guestOf(jal(0, 0));
    await run([
      { ...withImage(good, 0, illegalInstruction), workload: "crash" },
      { ...withImage(good, 0, endlessLoop), workload: "hang" },
      { ...withImage(good, 0, new TextEncoder().encode("\x7fELF, and no more of one")), workload: "cut-short" },
      { ...good, unitDigest: good.unitDigest + 1n, workload: "wrong" },
      { ...good, workload: "good" },
    ], { watchdogMs: 2_000 });
    const reason = (workload: string) => {
      const [row, ...others] = summaries().filter((candidate) => candidate.workload === workload);
      expect(others).toEqual([]);
      expect(row).toMatchObject({ status: "failed", metric: "case", value: null, samples: 0 });
      expect(row.reason).not.toContain("\n");
      return row.reason;
    };
    expect(reason("crash")).toMatch(/compute-0 failed: vCPU 0: exception \d+ at pc 0x[0-9a-f]+.*x1 0x/);
    expect(reason("hang")).toMatch(/compute-0 not ready after 2000 ms; hart 0 pc=0x80200000/);
    expect(reason("cut-short")).toMatch(/ELF/);
    expect(reason("wrong")).toMatch(/wrong result: digest sum 0x[0-9a-f]{16} after \d+ units, expected 0x/);
    expect(summaries().find((row) => row.workload === "good" && row.metric === "throughput")?.status).toMatch(/^(ok|contaminated)$/);
    expect(said.filter((outcome) => outcome.startsWith("failed"))).toHaveLength(4);
  });

  test("a guest that hangs beside a working one fails the case", { timeout: 60_000 }, async () => {
    const [good] = cases("--workload compute-hash --engine smp --harts 1 --set guests=2") as [BenchCase];
    await run([withImage(good, 1, guestOf(jal(0, 0)))], { watchdogMs: 2_000 });
    expect(summaries()[0].status).toBe("failed");
    expect(summaries()[0].reason).toMatch(/^compute-1 not ready/);
  });

  test("an interrupted run keeps its raw samples and begins no other case", { timeout: 60_000 }, async () => {
    const [good] = cases("--workload compute-hash --engine uniprocessor --harts 1") as [BenchCase];
    await run([good, good], { interrupted: () => rows.length >= 2 });
    expect(rows.every((row) => row.sample !== null)).toBe(true);
    expect(rows.length).toBeGreaterThanOrEqual(2);
    expect(said).toEqual(["interrupted"]);
  });

  test("more harts than cores are marked", { timeout: 60_000 }, async () => {
    const [good] = cases("--workload compute-hash --engine smp --harts 2") as [BenchCase];
    await run([{ ...good, harts: 4 }]);
    expect(summaries()[0]).toMatchObject({ status: "contaminated", reason: "oversubscribed: 4 harts on 2 cores; use --harts 2" });
  });
});
