import { describe, expect, test } from "vitest";
import { anchorCase } from "../../../bench/anchors/machine-run.ts";
import type { BenchCase } from "../../../bench/case.ts";
import type { ModelCase } from "../../../bench/model/plan.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { measureModelCases, ModelRows } from "../../../bench/model/run.ts";
import type { ModelAnswer } from "../../../bench/model/task.ts";
import { formatRows } from "../../../bench/results/csv.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";
import { buildElf, SEGMENT_LOAD, TYPE_DYNAMIC } from "../../loader/elf-builder.ts";
import { jal } from "../../machine/assembly.ts";

const BASE = 0x8020_0000;
const EVERYTHING_ALLOWED = 7;
const WFI = 0x1050_0073;
const costs = loadProfile("uniform-128");

const guestOf = (...words: number[]): Uint8Array => buildElf({
  type: TYPE_DYNAMIC, entry: BASE,
  segments: [{ type: SEGMENT_LOAD, rights: EVERYTHING_ALLOWED, address: BASE, bytes: new Uint8Array(Int32Array.from(words).buffer), memoryBytes: 4096, alignment: 4096 }],
});

const modelCase = (benchCase: BenchCase): ModelCase => ({ benchCase, timing: { warmUp: 200_000, window: 500_000, limit: 3_000_000 } });

function withImage(benchCase: BenchCase, vm: number, image: Uint8Array): BenchCase {
  const vms = benchCase.configuration.vms.map((machine, index) => (index === vm ? { ...machine, image } : machine));
  return { ...benchCase, configuration: { ...benchCase.configuration, vms } };
}

async function run(cases: readonly BenchCase[], threads = 2): Promise<ResultRow[][]> {
  const rows = new ModelRows("uniform-128");
  const all: ResultRow[][] = [];
  await measureModelCases(cases.map(modelCase), { costs, threads, interruption: new AbortController().signal }, (benchCase, answer) => all.push(rows.of(benchCase, answer)));
  return all;
}

const value = (rows: readonly ResultRow[], metric: string, subject = "") => rows.find((row) => row.metric === metric && row.subject === subject)?.value;

describe("cases on the model clock", { timeout: 120_000 }, () => {
  test("figures are exact, in cycles, without intervals, and add up; rows come in the order of the plan", async () => {
    const cases = [
      anchorCase("hypercall-base", "bare", 1), anchorCase("contend", "smp", 8), anchorCase("contend", "per-core", 2), anchorCase("hypercall-base", "smp", 2),
      { ...anchorCase("contend", "smp", 4, { think: "400" }), options: { lock: "test-and-set" } },
    ];
    const all = await run(cases);
    expect(all.map(([first]) => `${first.workload} ${first.engine} ${first.harts}`)).toEqual(["hypercall-base bare 1", "contend smp 8", "contend per-core 2", "hypercall-base smp 2", "contend smp 4"]);
    for (const row of all.flat()) {
      expect(row).toMatchObject({ clock: "model", profile: "uniform-128", class: "exact", status: "ok", low: null, high: null, sample: null });
      expect(row.unit).not.toMatch(/\/s$|^ns$/);
    }
    for (const rows of all) {
      expect(value(rows, "throughput")).toBeGreaterThan(0);
      const parts = ["cycles-guest", "cycles-engine", "cycles-waiting", "cycles-idle"].map((metric) => value(rows, metric) ?? NaN);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(100, 6);
      expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
    }
    const [, contended, apart, alone] = all;
    expect(value(contended, "cycles-waiting")).toBeGreaterThan(10);
    expect(value(contended, "lock-waiting-p50", "channels")).toBeGreaterThan(0);
    expect(value(contended, "lock-waiting-p99", "channels")).toBeLessThanOrEqual(value(contended, "lock-waiting-max", "channels") ?? NaN);
    expect(value(contended, "lock-holding", "channels")).toBeGreaterThan(0);
    expect(value(apart, "lock-acquisitions")).toBe(0);
    expect(value(alone, "overhead")).toBeDefined();
    expect(value(alone, "throughput", "hypercall-1")).toBeGreaterThan(0);
    expect(contended.some(({ subject }) => subject === "contend-7")).toBe(false);
  });

  test("twice the same, whatever ran before on the thread, in whatever order", async () => {
    const cases = [anchorCase("contend", "smp", 4), anchorCase("channel-pingpong", "smp", 2), anchorCase("contend", "microscheduler", 3)];
    const first = (await run(cases, 1)).map(formatRows);
    const second = (await run([...cases, ...cases].toReversed(), 1)).map(formatRows);
    expect(second).toEqual([...first, ...first].toReversed());
  });

  test("a guest that crashes, hangs, waits for ever, is no program or computes something else is a failed row; the others go on", async () => {
    const good = anchorCase("compute-hash", "uniprocessor", 1);
    const beside = anchorCase("compute-hash", "smp", 1, { guests: "2" });
    const all = await run([
      withImage(good, 0, guestOf(0)), withImage(good, 0, guestOf(jal(0, 0))), withImage(good, 0, guestOf(WFI, jal(0, -4))),
      withImage(good, 0, new TextEncoder().encode("\x7fELF, and no more of one")), { ...good, unitDigest: good.unitDigest + 1n },
      withImage(beside, 1, guestOf(jal(0, 0))), good,
    ]);
    const reasons = all.slice(0, -1).map(([row, ...others]) => {
      expect(others).toEqual([]);
      expect(row).toMatchObject({ status: "failed", metric: "case", class: "exact", value: null, samples: 0 });
      expect(row.reason).not.toContain("\n");
      return row.reason;
    });
    expect(reasons[0]).toMatch(/^compute-0 failed: vCPU 0: exception \d+ at pc 0x[0-9a-f]+/);
    expect(reasons[1]).toMatch(/^compute-0 not ready after 3000000 cycles; hart 0 pc=0x80200000/);
    expect(reasons[2]).toMatch(/^deadlock: hart 0 idles/);
    expect(reasons[3]).toMatch(/ELF/);
    expect(reasons[4]).toMatch(/^compute-0: wrong result: digest sum 0x[0-9a-f]{16} after \d+ units, expected 0x/);
    expect(reasons[5]).toMatch(/^compute-1 not ready after/);
    expect(value(all[6], "throughput")).toBeGreaterThan(0);
  });

  test("an interruption ends the run with the cases that are done", async () => {
    const interruption = new AbortController();
    const answers: ModelAnswer[] = [];
    const cases = Array.from({ length: 6 }, () => modelCase(anchorCase("contend", "smp", 2)));
    await measureModelCases(cases, { costs, threads: 1, interruption: interruption.signal }, (_, answer) => {
      answers.push(answer);
      interruption.abort();
    });
    expect(answers.map(({ kind }) => kind)).toEqual(["measured"]);
  });
});
