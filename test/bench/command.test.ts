import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bench } from "../../bench/bench.ts";
import { EXIT_CODE, UsageError } from "../../bench/exit-code.ts";
import type { Listing } from "../../bench/list.ts";
import { PROFILE_NAMES } from "../../bench/model/profile.ts";
import { formatFile, parseRows } from "../../bench/results/csv.ts";
import { sortExact } from "../../bench/results/exact.ts";
import type { ResultRow } from "../../bench/results/schema.ts";
import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { MAIN, start as startProgram, startBench as start } from "./run-bench.ts";

const LONG = ["--clock", "wall", "--workload", "compute-hash", "--engine", "uniprocessor", "--samples", "1000", "--window", "20"];

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-command-")); });
afterAll(() => rmSync(folder, { recursive: true }));

/** The rows of the only run in a results folder. */
function readRun(results: string): ResultRow[] {
  const host = join(results, "wall", readdirSync(join(results, "wall"))[0]);
  const [csv, ...others] = readdirSync(host).filter((file) => file.endsWith(".csv"));
  expect(others).toEqual([]);
  expect(JSON.parse(readFileSync(join(host, csv.replace(".csv", ".json")), "utf8"))).toMatchObject({ node: process.version, host: hostname() });
  return parseRows(readFileSync(join(host, csv), "utf8"));
}

async function untilRows(results: string, count: number): Promise<void> {
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    try {
      if (readRun(results).length >= count) return;
    } catch {
      // not there yet
    }
  }
}

/** What the command refuses; the process says it in a line. */
async function refusalOf(...words: string[]): Promise<string> {
  const refusal: unknown = await bench(words, Object.values(ENGINES), CATALOGUE).then((code) => `it answered ${code}`, (error: unknown) => error);
  expect(refusal).toBeInstanceOf(UsageError);
  return (refusal as UsageError).message;
}

describe("npm run bench", { timeout: 60_000 }, () => {
  test("a run leaves its table, its rows and the record of the host", async () => {
    const results = join(folder, "whole");
    const { code, output, errors } = await start("--clock", "wall", "--workload", "compute-hash", "--engine", "bare", "--engine", "per-core", "--samples", "3", "--window", "10", "--results", results).outcome;
    expect([EXIT_CODE.fine.code, EXIT_CODE.contaminated.code]).toContain(code);
    const rows = readRun(results);
    expect(new Set(rows.map((row) => `${row.engine} ${row.harts}`))).toEqual(new Set(["bare 1", "per-core 1", "per-core 2", "bare 0", "per-core 0"]));
    expect(rows.every((row) => row.status !== "failed")).toBe(true);
    expect(output).toMatch(/compute-hash\n.*engine +harts/);
    expect(output).toMatch(/bare +1 +(! +)?1 +[\d,]+/);
    expect(output).toContain("Trusted computing base");
    expect(errors).toMatch(/\[3\/3, \d+ s, about 0 s left\] compute-hash on per-core, 2 harts: /);
  });

  test.each([
    [["--engine", "xen"], "unknown engine xen"],
    [["--harts", "1000000"], "--harts 1000000"],
    [["--clock", "model", "--profile", "abacus"], "unknown profile abacus"],
    [["--clock", "model", "--profile", "spacemit-k1", "--harts", "16"], "spacemit-k1 has 8 cores"],
    [["--turbo"], "Unknown option '--turbo'"],
  ])("%j is refused before anything is measured", async (words, message) => {
    const refusal = await refusalOf(...words, "--results", join(folder, "unused"));
    expect(refusal).toContain(message);
    expect(refusal).not.toContain("\n");
    expect(readdirSync(folder)).not.toContain("unused");
  });

  test("what is refused is one line and the exit code for usage", async () => {
    const { code, output, errors } = await start("--engine", "xen", "--results", join(folder, "unused")).outcome;
    expect({ code, output }).toEqual({ code: EXIT_CODE.usage.code, output: "" });
    expect(errors).toMatch(/^tcbench: unknown engine xen\b.*\n$/);
  });

  test.each([
    [["--quick"], /^results cannot be kept in .*file/],
    [["--quick", "--clock", "wall"], /^results cannot be written to .*file/],
    [["--quick", "--clock", "model"], /^results cannot be kept in .*file/],
  ])("%j: a results folder that cannot be written is found out before anything is measured", async (words, message) => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const refusal = await refusalOf(...words, "--results", file);
    expect(refusal).toMatch(message);
    expect(refusal).not.toContain("\n");
  });

  test.each([
    ["SIGKILL", null],
    ["SIGINT", EXIT_CODE.interrupted.code],
    ["SIGTERM", EXIT_CODE.terminated.code],
  ] as const)("after %s the rows so far are a valid file", async (signal, expected) => {
    const results = join(folder, signal);
    const { child, outcome } = start(...LONG, "--results", results);
    await untilRows(results, 3);
    child.kill(signal);
    expect((await outcome).code).toBe(expected);
    const rows = readRun(results);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(rows.every((row) => row.sample !== null && row.status === "ok")).toBe(true);
  });

  test("the model clock's rows are the same in another run, which leaves their files alone; what is not of the sweep goes elsewhere", async () => {
    const results = join(folder, "model");
    const words = ["--clock", "model", "--workload", "contend", "--engine", "per-core", "--results", results];
    const once = await start(...words, "--harts", "2").outcome;
    expect(once.code, once.errors).toBe(EXIT_CODE.fine.code);
    expect(once.output).toMatch(/Model clock, profile \S+: units of work per million cycles/);
    expect(once.output).toMatch(/engine +2 +p50 +p99\n +per-core +[\d,]+/);
    const [profile] = readdirSync(join(results, "exact"));
    const file = join(results, "exact", profile, "contend.csv");
    const text = readFileSync(file, "utf8");
    expect(parseRows(text).every((row) => row.clock === "model" && row.profile === profile && row.harts === 2)).toBe(true);
    const again = await start(...words, "--harts", "2").outcome;
    expect(again.output).toContain("nothing has changed there");
    expect(readFileSync(file, "utf8")).toBe(text);
    const other = await start(...words, "--harts", "3", "--set", "think=100").outcome;
    expect(other.code).toBe(EXIT_CODE.fine.code);
    expect(readFileSync(file, "utf8")).toBe(text);
    const [run] = readdirSync(join(results, "model"));
    expect(new Set(parseRows(readFileSync(join(results, "model", run), "utf8")).map(({ harts, options }) => `${harts} ${options}`))).toEqual(new Set(["3 think=100"]));
    expect(readdirSync(results).sort()).toEqual(["exact", "model"]);
  });

  test("a profile of the user's is named with its contents in the rows, which are no part of the sweep", async () => {
    const results = join(folder, "own");
    const file = join(folder, "mine.json");
    const profile = JSON.parse(readFileSync(new URL("../../profiles/uniform-128.json", import.meta.url), "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...profile, name: "mine" }));
    const { code, errors } = await start("--clock", "model", "--workload", "contend", "--engine", "per-core", "--harts", "2", "--profile", file, "--results", results).outcome;
    expect(code, errors).toBe(EXIT_CODE.fine.code);
    expect(readdirSync(results)).toEqual(["model"]);
    const [run] = readdirSync(join(results, "model"));
    for (const row of parseRows(readFileSync(join(results, "model", run), "utf8"))) expect(row.profile).toMatch(/^mine@[0-9a-f]{8}$/);
  });

  test("an interrupted run on the model clock keeps the cases that are done", async () => {
    const results = join(folder, "interrupted");
    const { child, outcome } = start("--clock", "model", "--workload", "contend", "--workload", "hypercall-base", "--results", results);
    await new Promise<void>((resolve) => { child.stderr?.on("data", (chunk: Buffer) => { if (chunk.toString().includes("[2/")) resolve(); }); });
    child.kill("SIGINT");
    const { code, errors } = await outcome;
    expect(code, errors).toBe(EXIT_CODE.interrupted.code);
    const [profile] = readdirSync(join(results, "exact"));
    const rows = readdirSync(join(results, "exact", profile)).flatMap((file) => parseRows(readFileSync(join(results, "exact", profile, file), "utf8")));
    const done = [...Map.groupBy(rows, (row) => [row.workload, row.engine, row.options, row.harts].join(" ")).values()];
    expect(done.length).toBeGreaterThanOrEqual(2);
    for (const of of done) expect(of.map(({ metric }) => metric)).toEqual(expect.arrayContaining(["throughput", "cycles-guest"]));
  });

  test("--verify runs the model's cases twice and finds the same, without writing anything", async () => {
    const results = join(folder, "verified");
    const words = ["--verify", "--workload", "hypercall-yield", "--engine", "smp", "--engine", "microscheduler", "--harts", "1", "--harts", "4"];
    const { code, output, errors } = await start(...words, "--results", results).outcome;
    expect(code, output + errors).toBe(EXIT_CODE.fine.code);
    expect(output).toMatch(/^\d+ cases, \d+ rows: two runs on the model clock, .* are the same in every byte\n$/);
    expect(readdirSync(folder)).not.toContain("verified");
  });

  test("--verify runs attacks twice too: here what a guest can change, without writing anything", async () => {
    const { code, output, errors } = await start("--verify", "--only", "isolation", "--engine", "per-core", "--harts", "2", "--results", join(folder, "attacked")).outcome;
    expect(code, output + errors).toBe(EXIT_CODE.fine.code);
    expect(output).toMatch(/^1 cases, \d+ rows: two runs on the model clock, .* are the same in every byte\n$/);
    expect(readdirSync(folder)).not.toContain("attacked");
  });

  test("--verify answers 3 and names the case and the row where two runs differ: here the second was charged a cycle more for a trap", async () => {
    const env = { ...process.env, NODE_OPTIONS: `--import=${new URL("verify/disturb.ts", import.meta.url).href}`, TCBENCH_TEST_MARKER: join(folder, "marker") };
    const { code, output, errors } = await startProgram([process.execPath, MAIN, "--verify", "--workload", "hypercall-base", "--engine", "bare", "--harts", "1"], env).outcome;
    expect(code, output + errors).toBe(EXIT_CODE.notRepeated.code);
    expect(output).toMatch(/^Cases of which two runs on the model clock differ, and the first row that does\n {2}hypercall-base on bare, 1 hart: \S+.*: value \S+, then \S+\n$/);
  });

  test("--json prints the rows alone, as the files have them", async () => {
    const results = join(folder, "json");
    const { code, output, errors } = await start("--clock", "model", "--workload", "hypercall-base", "--engine", "smp", "--harts", "1", "--json", "--results", results).outcome;
    expect(code, errors).toBe(EXIT_CODE.fine.code);
    const rows = JSON.parse(output) as ResultRow[];
    const [profile] = readdirSync(join(results, "exact"));
    expect(formatFile(sortExact(rows))).toBe(readFileSync(join(results, "exact", profile, "hypercall-base.csv"), "utf8"));
    expect(errors).toContain("Every figure of the model clock's sweep");
  });

  test("--list --json has every name that there is", async () => {
    const { code, output } = await start("--list", "--json").outcome;
    expect(code).toBe(EXIT_CODE.fine.code);
    const list = JSON.parse(output) as Listing;
    expect(list.engines.map(({ name }) => name)).toEqual(Object.keys(ENGINES));
    expect(list.workloads.map(({ name }) => name)).toEqual(CATALOGUE.map(({ name }) => name));
    expect(list.profiles.map(({ name }) => name)).toEqual([...PROFILE_NAMES]);
    expect(list.settings.find(({ name }) => name === "lock")).toMatchObject({ owner: "smp", default: "ticket" });
  });
});
