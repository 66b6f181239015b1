import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appendRows, createCsv, formatRows, parseRows, UnwrittenRows, writeWhole } from "../../bench/results/csv.ts";
import { DOCUMENTATION_PATH, schemaDocumentation } from "../../bench/results/documentation.ts";
import { CLASSES, DIRECTIONS } from "../../bench/results/metrics.ts";
import { COLUMNS, type ResultRow, STATUSES } from "../../bench/results/schema.ts";

const count = fc.nat();
const text = fc.string({ unit: "grapheme" });
const figure = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0));
const rows: fc.Arbitrary<ResultRow> = fc.record({
  schema: count, workload: text, engine: text, options: text, clock: fc.constantFrom("wall" as const, "model" as const), profile: text,
  harts: count, vms: count, subject: text, metric: text, unit: text, direction: fc.constantFrom(...DIRECTIONS), class: fc.constantFrom(...CLASSES),
  sample: figure, value: figure, samples: count, low: figure, high: figure, status: fc.constantFrom(...STATUSES), reason: text, image: text, revision: text,
});

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-csv-")); });
afterAll(() => rmSync(folder, { recursive: true }));

const header = `${COLUMNS.join(",")}\n`;

describe("result files", () => {
  test("what is written is what is read", () => {
    fc.assert(fc.property(fc.array(rows, { maxLength: 5 }), (list) => {
      expect(parseRows(header + formatRows(list))).toEqual(list);
    }));
  });

  test.skipIf(!existsSync("/dev/full"))("rows that cannot be written are an error that says why, and the file is as it was", () => {
    const [row] = fc.sample(rows, 1);
    expect(() => appendRows("/dev/full", [row])).toThrow(new UnwrittenRows("/dev/full cannot be written: ENOSPC: no space left on device, write"));
    expect(() => appendRows(join(folder, "nowhere", "run.csv"), [row])).toThrow(UnwrittenRows);
    const path = join(folder, "whole.csv");
    writeWhole(path, "before\n");
    symlinkSync("/dev/full", `${path}.new`);
    expect(() => writeWhole(path, "after\n")).toThrow(UnwrittenRows);
    expect(readFileSync(path, "utf8")).toBe("before\n");
    expect(readdirSync(folder)).not.toContain("whole.csv.new");
  });

  test("a file is valid after every append, and is never overwritten", () => {
    const path = join(folder, "deep", "run.csv");
    createCsv(path);
    const list = fc.sample(rows, 3);
    list.forEach((row, index) => {
      appendRows(path, [row]);
      expect(parseRows(readFileSync(path, "utf8"))).toEqual(list.slice(0, index + 1));
    });
    expect(() => createCsv(path)).toThrow("EEXIST");
    expect(parseRows(readFileSync(path, "utf8"))).toHaveLength(3);
  });

  test.runIf(process.platform === "linux")("a folder that cannot be made is refused at once", () => {
    expect(() => createCsv("/proc/tcbench/run.csv")).toThrow("ENOENT");
  });

  test.each([
    ["harts", "two", "not a count"],
    ["value", "fast", "not a number"],
    ["status", "fine", "fine"],
  ])("a wrong %s is named", (column, field, message) => {
    const [good] = fc.sample(rows.map((row) => ({ ...row, workload: "w" })), 1) as [ResultRow];
    const fields = COLUMNS.map((name) => (name === column ? field : String(good[name] ?? "").replaceAll(/[",\r\n]/g, "")));
    expect(() => parseRows(`${header}${fields.join(",")}\n`)).toThrow(new RegExp(`record 1, column ${column}.*${message}`));
  });

  test("results/SCHEMA.md is what the schema generates", () => {
    expect(readFileSync(DOCUMENTATION_PATH, "utf8")).toBe(schemaDocumentation());
  });
});
