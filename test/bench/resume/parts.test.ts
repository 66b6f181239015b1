// Any part of a run, and any number of jobs, come to the same rows as one run that was left alone.

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../../bench/exit-code.ts";
import { unite, wholeRun } from "../../../bench/merge/merge.ts";
import { formatFile, formatRows, wholeCases } from "../../../bench/results/csv.ts";
import { readEnvironment } from "../../../bench/results/environment.ts";
import { caseKey, type ResultRow } from "../../../bench/results/schema.ts";
import { type ExactWork, measureRemaining, remaining } from "../../../bench/resume/exact-work.ts";
import { findUnfinished, Journal, journalFolder, measuredBy, type RunRecord } from "../../../bench/resume/journal.ts";
import { casesOfShard, type Shard } from "../../../bench/resume/shard.ts";
import { row } from "./row.ts";

const environment = readEnvironment(new Date(0), []);
const record: RunRecord = {
  command: ["--quick"], revision: "r", inputs: { sources: "s", images: "i", profile: "p", capture: "" }, shard: "", finished: false, wall: "",
  ...measuredBy(process.pid), environment,
};
const progress = { begin: () => undefined, say: () => undefined, end: () => undefined };
const never = new AbortController().signal;

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-parts-")); });
afterEach(() => rmSync(folder, { recursive: true }));

/** Case `n` has so many rows, and its first is the sum of those that it needs: wrong where they were not measured before it. */
interface FakeCase {
  readonly rows: number;
  readonly needs: readonly number[];
  readonly estimateMs: number;
}

const fakeCases = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 3 }), need: fc.nat(), needs: fc.boolean(), estimateMs: fc.integer({ min: 1, max: 9 }) }), { minLength: 1, maxLength: 12 })
  .map((list) => list.map(({ rows, need, needs, estimateMs }, index): FakeCase => ({ rows, estimateMs, needs: needs && index > 0 ? [need % index] : [] })));

function workOf(cases: readonly FakeCase[], measured: number[] = []): ExactWork {
  const rowsOf = (index: number, values: ReadonlyMap<number, number>) => {
    const first = index + cases[index].needs.reduce((sum, need) => sum + (values.get(need) ?? NaN), 0);
    return Array.from({ length: cases[index].rows }, (_, at) => row(`w${index}`, 1, `m${at}`, first + at));
  };
  return {
    cases: cases.map(({ needs, estimateMs }, index) => ({ key: caseKey(row(`w${index}`, 1, "", 0)), label: `case ${index}`, needs, estimateMs })),
    measure(chosen, interruption, answered) {
      const values = new Map<number, number>();
      for (const index of chosen) {
        if (interruption.aborted) break;
        measured.push(index);
        const rows = rowsOf(index, values);
        values.set(index, rows[0].value ?? NaN);
        answered(index, rows);
      }
      return Promise.resolve();
    },
    write: () => undefined, files: () => [],
  };
}

async function run(work: ExactWork, journal: Journal, shard?: Shard): Promise<string> {
  return formatRows(await measureRemaining(work, journal, shard, progress, never));
}

describe("shards", () => {
  test("every case is in exactly one, and none has much more to do than the others", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 100 })), fc.integer({ min: 1, max: 9 }), (estimates, count) => {
      const shards = Array.from({ length: count }, (_, index) => casesOfShard(estimates, { index: index + 1, count }));
      expect(shards.flat().sort((a, b) => a - b)).toEqual([...estimates.keys()]);
      for (const shard of shards) expect(shard).toEqual(shard.toSorted((a, b) => a - b));
      const loads = shards.map((shard) => shard.reduce((sum, index) => sum + estimates[index], 0));
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(0, ...estimates));
    }));
  });

  test("merged, they are one run that was not dealt, byte for byte, however many there are", async () => {
    await fc.assert(fc.asyncProperty(fakeCases, fc.integer({ min: 1, max: 6 }), async (cases, count) => {
      const whole = await run(workOf(cases), Journal.begin(join(folder, "whole"), record));
      const shards = Array.from({ length: count }, (_, index): Shard => ({ index: index + 1, count }));
      for (const shard of shards) {
        const journal = Journal.begin(journalFolder(folder, shard, environment), { ...record, shard: `${shard.index}/${count}` });
        await run(workOf(cases), journal, shard);
        journal.finish();
      }
      const { rows, differing } = unite(workOf(cases), wholeRun([folder]).journals);
      expect(formatRows(rows)).toBe(whole);
      expect(differing).toEqual([]);
      rmSync(join(folder, "shards"), { recursive: true });
    }), { numRuns: 10 });
  });

  test("a case that two of them measured differently is named", () => {
    const of = (value: number) => ({ rows: () => [row("w0", 1, "m", value)] });
    const work = workOf([{ rows: 1, needs: [], estimateMs: 1 }]);
    expect(unite(work, [of(1), of(1)])).toEqual({ rows: [row("w0", 1, "m", 1)], differing: [] });
    expect(unite(work, [of(1), of(2)]).differing).toEqual(["case 0"]);
    expect(() => unite(work, [])).toThrow(new UsageError("no shard has measured case 0"));
  });

  test("what is missing, unfinished, or of another run is refused in one line", () => {
    const put = (where: string, shard: string, more: Partial<RunRecord> = {}) => {
      const journal = Journal.begin(join(folder, where, "shards", shard.replace("/", "-of-")), { ...record, shard, ...more });
      return { finish: () => journal.finish() };
    };
    const all = (...names: string[]) => () => wholeRun(names.map((name) => join(folder, name)));
    expect(all("none")).toThrow(/none has no shards: give folders that --results named with --shard$/);
    put("a", "1/3").finish();
    expect(all("a")).toThrow(new UsageError("of 3 shards, 2/3, 3/3 are missing"));
    put("b", "2/3");
    expect(all("a", "b")).toThrow(/^shard 2\/3 in .* has not finished: go on with it there/);
    put("c", "1/2").finish();
    expect(all("a", "c")).toThrow(/is not of the same run as .*: shards 2, not 3$/);
    put("d", "2/3", { command: ["--full"] }).finish();
    expect(all("a", "d")).toThrow(/: flags --full, not --quick$/);
    put("e", "2/3", { inputs: { ...record.inputs, images: "j" } }).finish();
    expect(all("a", "e")).toThrow(/: images j, not i$/);
  });
});

describe("a run that ended anywhere", () => {
  test("of a file cut off at any byte, whole cases are left, and only the last may be missing", () => {
    fc.assert(fc.property(fakeCases, fc.nat(), (cases, number) => {
      const rows: ResultRow[] = cases.flatMap(({ rows }, index) => Array.from({ length: rows }, (_, at) => row(`w${index}`, 1, `m${at}`, at, { reason: at === 0 ? 'a "b", c' : "" })));
      const text = formatFile(rows);
      expect(new Set(wholeCases(text).map(caseKey)).size).toBe(cases.length - 1);
      const left = wholeCases(text.slice(0, number % text.length));
      const begun = new Set(left.map(caseKey)).size;
      expect(left).toEqual(rows.filter(({ workload }) => Number(workload.slice(1)) < begun));
    }));
  });

  test("goes on to the rows of one that did not, measuring only what is missing and what that needs", async () => {
    await fc.assert(fc.asyncProperty(fakeCases, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), async (cases, cuts) => {
      const whole = join(folder, "whole");
      const expected = await run(workOf(cases), Journal.begin(whole, record));
      const at = join(folder, "unfinished", "cut");
      const journal = Journal.begin(at, record);
      await run(workOf(cases), journal);
      for (const cut of cuts) {
        const size = readFileSync(join(at, "rows.csv")).length;
        truncateSync(join(at, "rows.csv"), cut % (size + 1));
        const again = findUnfinished(folder, undefined);
        const done = new Set(again?.rows().map(caseKey));
        const measured: number[] = [];
        expect(await run(workOf(cases, measured), again!)).toBe(expected);
        expect(measured).toEqual(remaining(workOf(cases), undefined, done));
        expect(measured.filter((index) => done.has(workOf(cases).cases[index].key)).every((index) => cases.some(({ needs }) => needs.includes(index)))).toBe(true);
      }
      expect(new Set(readFileSync(join(at, "rows.csv"), "utf8").split("\n"))).toEqual(new Set(readFileSync(join(whole, "rows.csv"), "utf8").split("\n")));
    }), { numRuns: 10 });
  });

  test.skipIf(process.platform !== "linux")("is not gone on with while its process is there", () => {
    const journal = (who: Pick<RunRecord, "process" | "processStarted">) => Journal.begin(join(folder, "unfinished", "run"), { ...record, ...who });
    const parent = measuredBy(process.ppid);
    expect(journal(parent).isRunning()).toBe(true);
    expect(journal({ ...parent, processStarted: "1" }).isRunning()).toBe(false); // another one has its id now
    expect(journal({ process: 2 ** 22 + 1, processStarted: "" }).isRunning()).toBe(false);
    expect(journal(measuredBy(process.pid)).isRunning()).toBe(false);
    const finished = journal(parent);
    finished.finish();
    expect(finished.isRunning()).toBe(false);
  });

  test("and whose finished rows are damaged since is refused in one line", () => {
    const at = join(folder, "shards", "1-of-2");
    Journal.begin(at, { ...record, finished: true });
    writeFileSync(join(at, "rows.csv"), "schema,workload\n1,cut");
    expect(() => Journal.at(at)?.rows()).toThrow(new UsageError(`${join(at, "rows.csv")} is not what a run leaves: record 1, column engine: Invalid key: Expected "engine" but received undefined`));
  });

  test("the last that was begun is found; what is no record is said to be none", () => {
    expect(findUnfinished(folder, undefined)).toBeUndefined();
    Journal.begin(join(folder, "unfinished", "20260101T"), record);
    Journal.begin(join(folder, "unfinished", "20260201T"), { ...record, command: ["--full"] });
    expect(findUnfinished(folder, undefined)?.record.command).toEqual(["--full"]);
    expect(findUnfinished(folder, { index: 1, count: 2 })).toBeUndefined();
    writeFileSync(join(folder, "unfinished", "20260201T", "run.json"), "{");
    expect(() => findUnfinished(folder, undefined)).toThrow(/run\.json is not the record of a run: /);
  });
});
