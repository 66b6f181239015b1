import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../../bench/exit-code.ts";
import { parseRows } from "../../../bench/results/csv.ts";
import { mergeExact, prepareExact, sortExact, writeExact } from "../../../bench/results/exact.ts";
import { caseKey, type ResultRow } from "../../../bench/results/schema.ts";

function row(workload: string, engine: string, harts: number, metric: string, value: number, more: Partial<ResultRow> = {}): ResultRow {
  return {
    schema: 1, workload, engine, options: "", clock: "model", profile: "p", harts, vms: 1, subject: "", metric, unit: "u", direction: "none", class: "exact",
    sample: null, value, samples: 1, low: null, high: null, status: "ok", reason: "", image: "", revision: "r", ...more,
  };
}

const rows = fc.uniqueArray(fc.record({
  workload: fc.constantFrom("a", "b"), engine: fc.constantFrom("smp", "per-core"), harts: fc.constantFrom(1, 2, 16), metric: fc.constantFrom("m", "n"), value: fc.nat(9),
}), { selector: (fields) => [fields.workload, fields.engine, fields.harts, fields.metric].join(" ") })
  .map((list) => list.map(({ workload, engine, harts, metric, value }) => row(workload, engine, harts, metric, value)));

const always = (): boolean => true;
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-exact-")); });
afterEach(() => rmSync(folder, { recursive: true }));

describe("rows that are kept for good", () => {
  test("have one order, whatever order they come in, with 2 harts before 16", () => {
    fc.assert(fc.property(rows.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))), ([list, shuffled]) => {
      expect(sortExact(shuffled)).toEqual(sortExact(list));
    }));
    expect(sortExact([row("w", "e", 16, "m", 1), row("w", "e", 2, "m", 1)]).map(({ harts }) => harts)).toEqual([2, 16]);
  });

  test("a case measured again replaces all its old rows and no others; once more changes nothing", () => {
    fc.assert(fc.property(rows, rows, (old, measured) => {
      const merged = mergeExact(old, measured, always);
      const again = new Set(measured.map(caseKey));
      expect(new Set(merged)).toEqual(new Set([...measured, ...old.filter((line) => !again.has(caseKey(line)))]));
      expect(mergeExact(merged, measured, always)).toEqual(merged);
    }));
  });

  test("what the sweep has no more goes", () => {
    expect(mergeExact([row("w", "gone", 1, "m", 1)], [row("w", "e", 1, "m", 2)], ({ engine }) => engine === "e")).toEqual([row("w", "e", 1, "m", 2)]);
  });

  test("a file for each workload; a run that finds the same touches none; a complete run removes those of workloads that are gone", () => {
    const before = [row("one", "e", 1, "m", 1), row("two", "e", 1, "m", 1), row("two", "e", 2, "m", 5)];
    expect(writeExact(folder, before, always, true)).toHaveLength(2);
    expect(readdirSync(folder).sort()).toEqual(["one.csv", "two.csv"]);
    expect(writeExact(folder, before.toReversed(), always, true)).toEqual([]);
    expect(writeExact(folder, [row("two", "e", 1, "m", 7)], always, false)).toEqual([join(folder, "two.csv")]);
    expect(parseRows(readFileSync(join(folder, "two.csv"), "utf8")).map(({ value }) => value)).toEqual([7, 5]);
    expect(writeExact(folder, [row("two", "e", 1, "m", 7)], always, true)).toEqual([join(folder, "one.csv")]);
    expect(readdirSync(folder)).toEqual(["two.csv"]);
  });

  test("a folder whose files cannot be read is refused before anything is measured", () => {
    const path = join(folder, "deep", "profile");
    prepareExact(path);
    expect(readdirSync(path)).toEqual([]);
    writeFileSync(join(path, "work.csv"), "schema,workload\n1,work\n");
    expect(() => prepareExact(path)).toThrow(UsageError);
    expect(() => prepareExact(path)).toThrow(/work\.csv: record 1/);
    mkdirSync(join(folder, "file"));
    writeFileSync(join(folder, "file", "p"), "");
    expect(() => prepareExact(join(folder, "file", "p"))).toThrow(UsageError);
  });
});
