import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BenchCase } from "../../bench/case.ts";
import { emptyHistogram } from "../../bench/histogram.ts";
import { bucketOf } from "../../engines/machine/network/latency.ts";
import type { CaseFigures, LockReading } from "../../bench/machine-reading.ts";
import { formatReport } from "../../bench/report/report.ts";
import { formatFigure, formatNanoseconds, formatTable } from "../../bench/report/table.ts";
import { formatRows, parseRows } from "../../bench/results/csv.ts";
import { caseRow, type RowContext, summaryRows } from "../../bench/results/rows.ts";
import { CLOCKS, METRICS, type MetricName } from "../../bench/results/metrics.ts";
import { COLUMNS, type ResultRow } from "../../bench/results/schema.ts";
import { physical, ticks } from "../../engines/machine/address.ts";

function context(engine: BenchCase["engine"], harts: number, guests: number, more: Partial<RowContext & BenchCase> = {}): RowContext {
  const vms = Array.from({ length: guests }, (_, index) => ({
    name: `guest-${index}`, image: new Uint8Array(), memoryBytes: 0, vcpus: 1, bootArguments: "", hart: 0,
    share: { budget: ticks(1), period: ticks(1) },
  }));
  return {
    benchCase: {
      workload: "work", engine, options: {}, parameters: {}, harts, configuration: { vms, channels: [] }, counted: vms.map(() => true),
      unitDigest: 1n, image: "", trustedGuestBytes: 0, lockTiming: false, ...more,
    },
    clock: more.clock ?? "wall", profile: "", revision: "", status: more.status ?? "ok", reason: more.reason ?? "",
  };
}

const lock = (acquisitions: number, contended: number, handovers: number): LockReading =>
  ({ name: "queue", lock: physical(0x8000_0000), acquisitions, contended, handovers, waiting: 500 * acquisitions, waitingMax: 9_000, holding: 100 * acquisitions, holdingMax: 700 });

function figures(units: readonly number[], locks: readonly LockReading[] = []): CaseFigures {
  const latency = emptyHistogram();
  latency.counts[bucketOf(1_000)] = 10;
  return {
    windows: [{ duration: 100, units, cpuToWall: 0.9, forwarded: 0 }, { duration: 100, units, cpuToWall: 1, forwarded: 0 }],
    units: units.map((count) => 2 * count), cpuTimes: units.map((count) => count), latency: { counts: latency.counts, maximum: 1_010 },
    locks, worldSwitches: 50, sharedWords: 3, exits: { "call from VS": 20 },
  };
}

const value = (rows: ReturnType<typeof summaryRows>, metric: string, subject = "") =>
  rows.find((row) => row.metric === metric && row.subject === subject)?.value;

describe("the summary of a case", () => {
  test("known figures", () => {
    const rows = summaryRows(context("smp", 2, 2), figures([100, 300], [lock(200, 20, 50)]), { throughput: 2_500, contaminated: false }, undefined);
    expect(value(rows, "throughput")).toBe(4_000);
    expect(value(rows, "throughput", "guest-1")).toBe(3_000);
    expect(value(rows, "overhead")).toBeCloseTo(100 * (1 - 4_000 / 5_000), 9);
    expect(value(rows, "fairness")).toBeCloseTo(400 ** 2 / (2 * (100 ** 2 + 300 ** 2)), 9);
    expect(value(rows, "worst-slowdown")).toBe(2);
    expect(value(rows, "exits-per-unit")).toBeCloseTo(20 / 800, 9);
    expect(value(rows, "world-switches")).toBe(250);
    expect(value(rows, "lock-acquisitions", "queue")).toBe(0.25);
    expect(value(rows, "lock-contended", "queue")).toBe(10);
    expect(value(rows, "lock-handovers", "queue")).toBe(25);
    expect(value(rows, "lock-waiting", "queue")).toBeUndefined(); // not a timing pass
    expect(value(rows, "latency-max")).toBe(1_010);
  });

  test("an overhead is no better than its baseline, nor the case worse", () => {
    const statuses = (contaminated: boolean, more: Partial<RowContext> = {}) => {
      const rows = summaryRows({ ...context("smp", 2, 2), ...more }, figures([100, 300]), { throughput: 2_500, contaminated }, undefined);
      return ["throughput", "overhead", "fairness"].map((metric) => rows.find((row) => row.metric === metric)?.status);
    };
    expect(statuses(false)).toEqual(["ok", "ok", "ok"]);
    expect(statuses(true)).toEqual(["ok", "contaminated", "ok"]);
    expect(statuses(true, { status: "contaminated", reason: "too busy" })).toEqual(["contaminated", "contaminated", "contaminated"]);
    const table = formatReport(summaryRows(context("smp", 2, 2), figures([100, 300]), { throughput: 2_500, contaminated: true }, undefined));
    expect(table).toContain("20.0 % !");
  });

  test("only guests whose units count are summed, and guests that share a hart have no overhead", () => {
    const rows = summaryRows(context("smp", 1, 2, { counted: [false, true] }), figures([100, 300]), { throughput: 2_500, contaminated: false }, undefined);
    expect(value(rows, "throughput")).toBe(3_000);
    expect(value(rows, "overhead")).toBeUndefined();
  });

  test("times are in the timing pass alone", () => {
    const rows = summaryRows(context("smp", 2, 2, { lockTiming: true }), figures([1, 1], [lock(200, 20, 50)]), undefined, 40);
    expect(value(rows, "lock-waiting", "queue")).toBe(500);
    expect(value(rows, "lock-holding-max", "queue")).toBe(700);
    expect(value(rows, "probe-cost")).toBe(40);
  });

  test("of traffic", () => {
    const latency = emptyHistogram();
    latency.counts[bucketOf(5_000)] = 100;
    const traffic = { traffic: { ports: [0], size: 64, flows: 1, zipf: 1, rate: "max", filter: { rules: 1, allowUnmatched: false } }, captured: undefined, log: false, latency: true, search: true } as const;
    const rows = summaryRows(context("smp", 1, 1, { traffic }), {
      ...figures([100]),
      windows: [{ duration: 100, units: [100], cpuToWall: 1, forwarded: 50_000 }],
      network: { offered: "max", copiesPerFrame: 2, deviceShare: 0.25, load: { rate: 250_000, latency: { counts: latency.counts, maximum: 5_100 }, loss: 0.01 }, zeroLossRate: 400_000 },
    }, undefined, undefined);
    expect(["packet-rate", "packet-load", "packet-loss", "packet-latency-max", "zero-loss-rate", "copies-per-packet", "device-time"].map((metric) => value(rows, metric)))
      .toEqual([500_000, 250_000, 1, 5_100, 400_000, 2, 25]);
    expect(value(rows, "packet-latency-p50")).toBeGreaterThan(4_700);
    const text = formatReport(rows);
    expect(text).toMatch(/smp +1 +500,000 +400,000 +250,000 +4\.99 µs /);
    expect(text).toMatch(/smp +1 +5\.10 µs +1\.0 % +2\.00 .*25\.0 %/);
  });

  test("always makes a valid file, however little a guest did", () => {
    fc.assert(fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }).filter((units) => units.some((count) => count > 0)), (units) => {
      const rows = summaryRows(context("smp", 2, units.length), figures(units, [lock(0, 0, 0)]), { throughput: 10, contaminated: false }, undefined);
      expect(parseRows(`${COLUMNS.join(",")}\n${formatRows(rows)}`)).toEqual(rows);
    }), { numRuns: 20 });
  });
});

describe("the report of the model clock", () => {
  const onModel = (engine: BenchCase["engine"], harts: number, units: number, waiting: number, times?: LockReading["times"]) => summaryRows(
    { ...context(engine, harts, harts, { clock: "model" }), profile: "p" },
    {
      ...figures(Array.from({ length: harts }, () => units), times === undefined ? [] : [{ ...lock(200, 20, 50), name: "run-queue[0]", times }, { ...lock(100, 80, 50), name: "run-queue[1]", times }]),
      windows: [{ duration: 2_000_000, units: Array.from({ length: harts }, () => units), cpuToWall: null, forwarded: 0 }],
      cycles: { guest: 0.5, engine: 0.3 - waiting, waiting, idle: 0.2 },
    }, undefined, undefined);

  test("rates are for a million cycles, and nothing has an interval", () => {
    const rows = onModel("smp", 2, 100, 0.1);
    expect(value(rows, "throughput")).toBe(100);
    expect(value(rows, "world-switches")).toBe(25);
    expect(value(rows, "cycles-waiting")).toBe(10);
    expect(new Set(rows.map((row) => [row.clock, row.profile, row.class, row.low, row.high].join(" ")))).toEqual(new Set(["model p exact  "]));
    expect(rows.find((row) => row.metric === "latency-p50")?.unit).toBe("cycles");
  });

  test("guests have rows of their own where they are few, and numbered locks one together", () => {
    const subjects = (harts: number, metric: string) => onModel("smp", harts, 100, 0, { waiting: emptyHistogram(), holding: emptyHistogram() })
      .filter((row) => row.metric === metric).map((row) => row.subject);
    expect(subjects(4, "throughput")).toEqual(["", "guest-0", "guest-1", "guest-2", "guest-3"]);
    expect(subjects(5, "throughput")).toEqual([""]);
    expect(subjects(2, "lock-acquisitions")).toEqual(["", "run-queue[*]"]);
    const rows = onModel("smp", 2, 100, 0, { waiting: { counts: emptyHistogram().counts.with(bucketOf(8), 10), maximum: 8 }, holding: emptyHistogram() });
    expect(value(rows, "lock-contended", "run-queue[*]")).toBeCloseTo(100 / 3);
    expect(value(rows, "lock-waiting-p99", "run-queue[*]")).toBe(8);
    expect(rows.find((row) => row.metric === "lock-waiting-p50")?.samples).toBe(20);
    expect(value(rows, "lock-holding-p50", "run-queue[*]")).toBeUndefined();
  });

  test("is a line for an engine and a column for a number of harts, apart from the wall clock's", () => {
    const text = formatReport([
      ...summaryRows(context("smp", 2, 2), figures([100, 100]), undefined, undefined), ...onModel("smp", 1, 100, 0), ...onModel("smp", 2, 80, 0.1), ...onModel("per-core", 2, 100, 0),
      { ...caseRow({ ...context("bare", 1, 1, { clock: "model", status: "failed", reason: "deadlock: hart 0 idles" }), profile: "p" }) },
    ]);
    expect(text).toMatch(/smp +2 +2 +2,000 +2,000 – 2,000/);
    expect(text).toContain("Model clock, profile p:");
    expect(text).toMatch(/engine +1 +2 +waiting +p50 +p99\n/);
    expect(text).toMatch(/smp +50\.0 +80\.0 +10\.0 % +1,008 +1,008\n/);
    expect(text).toMatch(/bare +failed/);
    expect(text).toContain("work on bare, 1 hart, model: deadlock: hart 0 idles");
  });
});

describe("the report", () => {
  test("tables are aligned, and empty columns are left out", () => {
    const table = formatTable([
      { title: "name", align: "left", text: ([name]: readonly string[]) => name },
      { title: "none", align: "left", text: () => "" },
      { title: "figure", align: "right", text: ([, figure]: readonly string[]) => figure },
    ], [["a", "1"], ["longer", "1,000"]]);
    expect(table).toBe("name    figure\na            1\nlonger   1,000");
  });

  test("columns that have no room go on below, with what their lines are of", () => {
    const column = (title: string, width: number, key = false) => ({ title, align: "left", key, text: () => "x".repeat(width) }) as const;
    expect(formatTable([column("name", 8, true), column("a", 40), column("b", 20), column("c", 30)], [0])).toBe([
      `name      a${" ".repeat(41)}b`, `xxxxxxxx  ${"x".repeat(40)}  ${"x".repeat(20)}`, "", "name      c", `xxxxxxxx  ${"x".repeat(30)}`].join("\n"));
    expect(formatTable([{ ...column("name", 0, true), text: () => "smp granularity=big lock=test-and-set think=4000" }, column("a", 1)], [0]))
      .toBe("name                          a\nsmp granularity=big           x\nlock=test-and-set think=4000");
    expect(formatTable([column("a", 1)], [])).toBe("");
  });

  test("every table fits 80 columns, whatever was measured", () => {
    const big = fc.double({ min: 1e-6, max: 1e12, noNaN: true });
    const options = fc.subarray(["lock=test-and-set", "granularity=big", "think=4000", "guests=128"]).map((words) => words.join(" "));
    const metrics = Object.keys(METRICS).filter((metric) => metric !== "case") as MetricName[];
    const rowOf = fc.record({
      metric: fc.constantFrom(...metrics), value: big, low: big, high: big, engine: fc.constantFrom("bare", "microscheduler", "uniprocessor"), options,
      harts: fc.constantFrom(0, 1, 2, 128), clock: fc.constantFrom(...CLOCKS), workload: fc.constantFrom("channel-pingpong", "attack-memory-read"),
      status: fc.constantFrom("ok", "contaminated", "unsupported"), subject: fc.constantFrom("", "run-queue[*]"),
    });
    fc.assert(fc.property(fc.array(rowOf, { maxLength: 60 }), (fields) => {
      const rows = fields.map((field): ResultRow => ({
        schema: 1, profile: "p", vms: 128, unit: "", direction: "none", class: "exact", sample: null, samples: 1, reason: "", image: "", revision: "", ...field,
      }));
      expect(formatReport(rows).split("\n").filter((line) => line.length > 80)).toEqual([]);
    }));
  });

  test("figures read well", () => {
    expect([0, 0.0012, 0.126, 3.256, 12.34, 99.97, 123.4, 1234567].map(formatFigure)).toEqual(["0.00", "0.0012", "0.13", "3.26", "12.3", "100", "123", "1,234,567"]);
    expect([12, 1_234, 56_789_000, 2e9].map(formatNanoseconds)).toEqual(["12 ns", "1.23 µs", "56.8 ms", "2.00 s"]);
  });

  test("says who takes locks, who takes none, who failed and why", () => {
    const text = formatReport([
      ...summaryRows(context("per-core", 2, 2), figures([100, 100]), undefined, undefined),
      ...summaryRows(context("smp", 2, 2, { status: "contaminated", reason: "too busy" }), figures([100, 100], [lock(200, 20, 50)]), undefined, undefined),
      caseRow(context("microscheduler", 2, 2, { status: "failed", reason: "guest-0 failed: exception 2" })),
    ]);
    expect(text).toMatch(/per-core +2 +2 +2,000 +2,000 – 2,000/);
    expect(text).toMatch(/smp +2 {2}! +2 /);
    expect(text).toContain("work on smp, 2 harts: too busy");
    expect(text).toMatch(/work +per-core +2 +none taken/);
    expect(text).toMatch(/work +smp +2 +queue +0\.50 +10\.0 % +25\.0 %/);
    expect(text).toMatch(/microscheduler +2 +2 +failed/);
    expect(text).toContain("work on microscheduler, 2 harts: guest-0 failed: exception 2");
  });
});
