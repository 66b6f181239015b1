import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { accept, ACCEPTED_FILE, proposeLines, readAccepted } from "../../../bench/compare/accepted.ts";
import { type Comparison, compareRows } from "../../../bench/compare/compare.ts";
import { Limits, LIMITS_FILE } from "../../../bench/compare/limits.ts";
import { judgeComparison } from "../../../bench/compare/verdict.ts";
import { changeWords, valueWords } from "../../../bench/compare/words.ts";
import { EXIT_CODE } from "../../../bench/exit-code.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";
import { exactRow } from "./repository.ts";

const folder = mkdtempSync(join(tmpdir(), "tcbench-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, columns: string, ...lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${[`profile,workload,engine,options,harts,subject,metric,${columns}`, ...lines].join("\n")}\n`);
  return path;
}
const limits = (...lines: string[]): Limits => Limits.read(file("limits.csv", "limit,reason", ...lines), false);
const accepted = (...lines: string[]) => readAccepted(file("accepted.csv", "changes,reason", ...lines), false);
const NONE = limits();

const kinds = ({ findings }: Comparison): string[] => findings.map(({ kind }) => kind);
const compare = (base: readonly ResultRow[], now: readonly ResultRow[], granted = NONE): Comparison => compareRows(base, now, granted);
const codeOf = (comparison: Comparison, lines = accepted()): number => judgeComparison(comparison, accept(comparison.findings, lines)).code;
const lower = { metric: "latency-p50", unit: "cycles", direction: "lower" } as const;

describe("exact figures", () => {
  test("the last digit counts, in the direction of the metric", () => {
    const value = 1 / 3;
    const next = 1 / 3 + Number.EPSILON / 4;
    expect(kinds(compare([exactRow({ value })], [exactRow({ value })]))).toEqual([]);
    expect(kinds(compare([exactRow({ value: next })], [exactRow({ value })]))).toEqual(["worse"]);
    expect(kinds(compare([exactRow({ value })], [exactRow({ value: next })]))).toEqual(["better"]);
    expect(kinds(compare([exactRow({ ...lower, value })], [exactRow({ ...lower, value: next })]))).toEqual(["worse"]);
    expect(kinds(compare([exactRow({ metric: "world-switches", direction: "none", value })], [exactRow({ metric: "world-switches", direction: "none", value: next })]))).toEqual(["moved"]);
  });

  test("a side compared with itself has no findings; one value changed is one finding, either way of opposite kinds", () => {
    const row = fc.record({
      workload: fc.constantFrom("contend", "timer"), engine: fc.constantFrom("smp", "bare"), harts: fc.constantFrom(1, 2), subject: fc.constantFrom("", "a", "b"),
      metric: fc.constantFrom("throughput", "latency-p50"), value: fc.double({ min: 1, max: 1e9, noNaN: true }),
    }).map((part) => exactRow({ ...part, direction: part.metric === "throughput" ? "higher" : "lower" }));
    const rows = fc.uniqueArray(row, { minLength: 1, selector: ({ workload, engine, harts, subject, metric }) => [workload, engine, harts, subject, metric].join() });
    fc.assert(fc.property(rows, fc.nat(), fc.double({ min: 1.0001, max: 2, noNaN: true }), (rows, pick, factor) => {
      const same = compare(rows, [...rows].reverse());
      expect([same.compared, same.unchanged, same.findings.length]).toEqual([rows.length, rows.length, 0]);
      const at = pick % rows.length;
      const higher = rows.map((each, index) => (index === at ? { ...each, value: each.value! * factor } : each));
      expect(kinds(compare(rows, higher))).toEqual([rows[at].direction === "higher" ? "better" : "worse"]);
      expect(kinds(compare(higher, rows))).toEqual([rows[at].direction === "higher" ? "worse" : "better"]);
    }));
  });

  test("figures and cases of one side alone", () => {
    const two = [exactRow(), exactRow(lower)];
    const other = exactRow({ harts: 4 });
    expect(kinds(compare(two, [exactRow()]))).toEqual(["removed"]);
    expect(kinds(compare([exactRow()], two))).toEqual(["new"]);
    const gone = compare([...two, other], two);
    expect(gone.findings).toMatchObject([{ kind: "removed", row: { harts: 4, metric: "" }, note: "1 figures" }]);
    expect(codeOf(gone)).toBe(EXIT_CODE.notCompared.code);
    expect(codeOf(compare(two, [...two, other]))).toBe(EXIT_CODE.fine.code);
  });

  test("what is counted and has no row is 0", () => {
    const exits = exactRow({ metric: "exits-per-unit", direction: "lower", subject: "fault", value: 2 });
    expect(compare([exactRow()], [exactRow(), exits]).findings).toMatchObject([{ kind: "worse", from: 0, to: 2 }]);
    expect(compare([exactRow(), exits], [exactRow()]).findings).toMatchObject([{ kind: "better", from: 2, to: 0 }]);
  });

  test.each([
    ["revision", "model-2", "model revision model-1 → model-2"],
    ["image", "bb22", "guest images aa11 → bb22"],
    ["profile", "imx8mm", "profile graviton3 → imx8mm"],
    ["schema", 2, "schema version 1 → 2"],
    ["vms", 3, "virtual machines 2 → 3"],
  ])("another %s is refused", (column, value, note) => {
    const comparison = compare([exactRow()], [exactRow({ [column]: value, value: 1 })]);
    expect(comparison).toMatchObject({ compared: 0, findings: [{ kind: "refused", note }, ...(column === "profile" ? [{ kind: "new" }] : [])] });
    expect(codeOf(comparison)).toBe(EXIT_CODE.notCompared.code);
  });

  test("figures that are counted from the sources are compared across their revisions", () => {
    const tcb = exactRow({ workload: "", clock: "wall", profile: "", harts: 0, metric: "tcb-lines", direction: "lower", revision: "abc" });
    expect(kinds(compare([tcb], [{ ...tcb, revision: "def", value: 101 }]))).toEqual(["worse"]);
  });

  test("failed cases of NEW outweigh all else; those of BASE alone are nothing", () => {
    const failed = exactRow({ harts: 4, metric: "case", direction: "none", value: null, status: "failed", reason: "digest" });
    expect(codeOf(compare([exactRow()], [exactRow({ value: 1 }), failed]))).toBe(EXIT_CODE.failedCase.code);
    const recovered = compare([exactRow(), failed], [exactRow(), exactRow({ harts: 4 })]);
    expect(kinds(recovered)).toEqual(["new"]);
    expect(codeOf(recovered)).toBe(EXIT_CODE.fine.code);
  });

  test("nothing compared is never fine", () => {
    const noisy = exactRow({ clock: "wall", class: "noisy", profile: "" });
    for (const [base, now] of [[[], []], [[], [exactRow()]], [[noisy], [noisy]]] as const) expect(codeOf(compare(base, now))).toBe(EXIT_CODE.notCompared.code);
  });

  test("the same figure twice is refused", () => {
    expect(() => compare([exactRow(), exactRow()], [])).toThrow("BASE has throughput twice for contend on smp");
  });
});

describe("limits", () => {
  const at = (value: number, granted: Limits) => compare([exactRow()], [exactRow({ value })], granted);

  test("soft: how much worse than BASE; hard: the worst value there may be", () => {
    const soft = limits("*,contend,*,*,*,*,throughput,0.5%,noise of alignment");
    expect(kinds(at(99.5, soft))).toEqual(["tolerated"]);
    expect(kinds(at(99.4, soft))).toEqual(["worse"]);
    const both = limits("*,*,*,*,*,*,throughput,10%|95,promised");
    expect(kinds(at(95, both))).toEqual(["tolerated"]);
    expect(kinds(at(94, both))).toEqual(["beyond"]);
    const hard = limits("*,*,*,*,*,*,throughput,120,promised");
    expect(kinds(at(100, hard))).toEqual(["beyond"]); // also where nothing has changed
    expect(kinds(at(121, hard))).toEqual(["better"]);
    expect(kinds(compare([exactRow({ harts: 4, value: 130 })], [exactRow({ harts: 4, value: 130 }), exactRow()], hard))).toEqual(["beyond", "new"]);
    expect(codeOf(at(100, hard))).toBe(EXIT_CODE.regression.code);
  });

  test("of several lines the last counts, and * stands for any text", () => {
    const granted = limits("*,*,*,*,*,*,*,50%,any", "graviton3,con*,s*p,,2,,throughput,1%,narrow");
    expect(kinds(at(90, granted))).toEqual(["worse"]);
    expect(kinds(compare([exactRow({ harts: 4 })], [exactRow({ harts: 4, value: 90 })], granted))).toEqual(["tolerated"]);
  });

  test.each([
    ["*,*,*,*,*,*,throughput,0.5,", "a limit needs a reason"],
    ["*,*,*,*,*,*,throughput,half,why", `"half" is not of the form`],
    ["*,*,*,*,*,*,throughput,|,why", "not of the form"],
    ["*,*,*,*,*,*,throughput,0.5%|,why", "not of the form"],
    ["*,*,*,*,*,*,speed,0.5%,why", "there is no metric speed"],
    ["*,*,*,*,*,*,*,2000,why", "is of one metric"],
    ["*,*,*,*,*,*,world-switches,2000,why", "is of one metric"],
    ["*,*,*", "has 3 fields, not 9"],
  ])("%s is refused", (line, message) => {
    expect(() => limits(line)).toThrow(message);
  });

  test("the committed files are what is read", () => {
    expect(Limits.read(LIMITS_FILE, false).of(exactRow())).toEqual({ soft: 0, hard: undefined });
    expect(readAccepted(ACCEPTED_FILE, false)).toBeInstanceOf(Array);
    expect(() => Limits.read(join(folder, "absent.csv"), false)).toThrow("absent.csv");
    expect(() => readAccepted(LIMITS_FILE, false)).toThrow("the first line is not profile,");
  });
});

describe("accepted changes", () => {
  const base = [exactRow(), exactRow({ ...lower, value: 10 }), exactRow({ harts: 4 }), exactRow({ engine: "bare" })];
  const now = [exactRow({ value: 98 }), exactRow({ ...lower, value: 11 }), exactRow({ engine: "bare" })];

  test("the lines proposed accept exactly what they were proposed for", () => {
    const comparison = compare(base, now);
    const proposed = proposeLines(comparison.findings, accept(comparison.findings, []));
    expect(proposed).toEqual([expect.stringMatching(/^graviton3,contend,smp,\*,\*,\*,\*,[0-9a-f]{12},WHY$/)]);
    const lines = accepted(...proposed);
    const acceptance = accept(comparison.findings, lines);
    expect([acceptance.reasons.size, acceptance.stale, proposeLines(comparison.findings, acceptance)]).toEqual([3, [], []]);
    expect(codeOf(comparison)).toBe(EXIT_CODE.regression.code);
    expect(codeOf(comparison, lines)).toBe(EXIT_CODE.fine.code);

    const further = compare(base, now.map((row) => (row.value === 11 ? { ...row, value: 12 } : row)));
    expect(codeOf(further, lines)).toBe(EXIT_CODE.regression.code);
    expect(accept(further.findings, lines).stale).toEqual([expect.stringContaining("what has changed is not what was accepted")]);
    const nothing = compare(base, base);
    expect(accept(nothing.findings, lines).stale).toEqual([expect.stringContaining("nothing of the kind has changed; remove the line")]);
    expect(codeOf(nothing, lines)).toBe(EXIT_CODE.fine.code);
  });

  test("an accepted refusal leaves nothing compared, and a failed case cannot be accepted", () => {
    const refused = compare([exactRow()], [exactRow({ revision: "model-2" })]);
    expect(codeOf(refused, accepted(...proposeLines(refused.findings, accept(refused.findings, []))))).toBe(EXIT_CODE.notCompared.code);
    const failed = compare([exactRow()], [exactRow({ status: "failed", reason: "digest" })]);
    expect(proposeLines(failed.findings, accept(failed.findings, []))).toEqual([]);
  });

  test.each([
    ["*,*,*,*,*,*,*,0123456789ab,", "needs a reason"],
    ["*,*,*,*,*,*,*,all,why", "not a digest"],
  ])("%s is refused", (line, message) => {
    expect(() => accepted(line)).toThrow(message);
  });
});

test("figures in percent change by percentage points, and are allowed to by as many", () => {
  const overhead = exactRow({ metric: "overhead", unit: "%", direction: "lower", value: -2.5 });
  const [worse] = compare([overhead], [{ ...overhead, value: -1.7 }]).findings;
  expect([worse.kind, changeWords(worse)]).toEqual(["worse", "+0.800 points"]);
  expect(kinds(compare([overhead], [{ ...overhead, value: -1.7 }], limits("*,*,*,*,*,*,overhead,0.9%,why")))).toEqual(["tolerated"]);
  expect(kinds(compare([{ ...overhead, value: 0 }], [{ ...overhead, value: 1 }], limits("*,*,*,*,*,*,overhead,0.9%,why")))).toEqual(["worse"]);
});

test("values have as many digits as tell them apart, and changes their sign", () => {
  const [worse] = compare([exactRow({ value: 18.087881119649836 })], [exactRow({ value: 18.087881119 })]).findings;
  expect(valueWords(worse)).toBe("18.087881120 → 18.087881119 units/Mcycle");
  expect(changeWords(worse)).toBe("−3.6e-9 %");
  const [fraction] = compare([exactRow({ value: 100 })], [exactRow({ value: 100.003 })]).findings;
  expect(valueWords(fraction)).toBe("100.000 → 100.003 units/Mcycle");
  const [gain] = compare([exactRow({ value: 200 })], [exactRow({ value: 1300 })]).findings;
  expect([valueWords(gain), changeWords(gain)]).toEqual(["200 → 1,300 units/Mcycle", "+550 %"]);
});
