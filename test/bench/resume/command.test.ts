// Runs that are killed, told to end, or have no room left, and what their files are after they have gone on; jobs in their place.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT_CODE } from "../../../bench/exit-code.ts";
import { parseRows } from "../../../bench/results/csv.ts";
import { MAIN, type Outcome, start, startBench } from "../run-bench.ts";

const MERGE = fileURLToPath(new URL("../../../bench/merge/main.ts", import.meta.url));
/** Of the sweep, with a baseline, in a second of one core. */
const WORDS = ["--clock", "model", "--workload", "hypercall-base", "--engine", "bare", "--engine", "smp", "--engine", "per-core", "--harts", "1", "--harts", "2"];

let folder: string;
let uninterrupted: ReadonlyMap<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tcbench-resume-"));
  const whole = join(folder, "whole");
  const { code, errors } = await startBench(...WORDS, "--results", whole).outcome;
  if (code !== EXIT_CODE.fine.code) throw new Error(errors);
  uninterrupted = exactFiles(whole);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function exactFiles(results: string): Map<string, string> {
  const exact = join(results, "exact");
  return new Map(readdirSync(exact, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".csv")).sort()
    .map((file) => [file, readFileSync(join(exact, file), "utf8")]));
}

/** Resolves when the process has said that so many cases are done. */
async function whenDone(child: ReturnType<typeof startBench>["child"], cases: number): Promise<void> {
  let said = "";
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(`[${cases}/`)) resolve();
    });
    child.on("close", () => resolve());
  });
}

/** The rows that a killed process left are a valid file, and its run is still there. */
function expectUnfinished(results: string): void {
  const [run, ...others] = readdirSync(join(results, "unfinished"));
  expect(others).toEqual([]);
  parseRows(readFileSync(join(results, "unfinished", run, "rows.csv"), "utf8"));
}

async function merge(...words: string[]): Promise<Outcome> {
  return start([process.execPath, MERGE, ...words]).outcome;
}

describe("a run that goes on", { timeout: 120_000 }, () => {
  test("after it was told to end and then killed, at any point, leaves what one leaves that was not", async () => {
    const results = join(folder, "ended");
    const first = startBench(...WORDS, "--results", results);
    await whenDone(first.child, 1 + Math.floor(2 * Math.random()));
    first.child.kill("SIGTERM");
    const told = await first.outcome;
    expect(told.code, told.errors).toBe(EXIT_CODE.terminated.code);
    expect(told.errors).toContain(`go on with: npm run bench -- --resume ${results}\n`);
    expectUnfinished(results);
    const second = startBench("--resume", results);
    await new Promise((resolve) => { setTimeout(resolve, 1_200 * Math.random()); });
    second.child.kill("SIGKILL");
    // On a quiet host it may have been done by then.
    if ((await second.outcome).code === null) expectUnfinished(results);
    const { code, errors } = await startBench(...WORDS, "--results", results, "--resume").outcome;
    expect(code, errors).toBe(EXIT_CODE.fine.code);
    expect(exactFiles(results)).toEqual(uninterrupted);
    expect(readdirSync(results)).toEqual(["exact"]);
  });

  test("on the wall clock too, with the cases that it had not measured", async () => {
    const results = join(folder, "wall");
    const words = ["--clock", "wall", "--workload", "compute-hash", "--engine", "bare", "--engine", "uniprocessor", "--engine", "smp", "--harts", "1", "--samples", "3", "--window", "10"];
    const { child, outcome } = startBench(...words, "--results", results);
    await whenDone(child, 2);
    child.kill("SIGKILL");
    await outcome;
    const { code, errors } = await startBench("--resume", results).outcome;
    expect([EXIT_CODE.fine.code, EXIT_CODE.contaminated.code], errors).toContain(code);
    const [host] = readdirSync(join(results, "wall"));
    const files = readdirSync(join(results, "wall", host)).filter((file) => file.endsWith(".csv"));
    expect(files).toHaveLength(1);
    const rows = parseRows(readFileSync(join(results, "wall", host, files[0]), "utf8"));
    for (const engine of ["bare", "uniprocessor", "smp"]) {
      const own = rows.filter((row) => row.engine === engine && row.metric === "throughput" && row.subject === "");
      expect(own.map(({ sample }) => sample)).toEqual([0, 1, 2, null]);
      expect(rows.filter((row) => row.engine === engine && row.metric === "tcb-lines" && row.subject === "")).toHaveLength(1);
      expect(rows.filter((row) => row.engine === engine && row.metric === "overhead")).toHaveLength(engine === "bare" ? 0 : 1);
    }
  });

  /** 12 KiB: enough to begin, too little for all rows. Mounting needs a namespace of one's own, which not every host grants. */
  const roomy = spawnSync("unshare", ["-rm", "true"]).status === 0;
  test.skipIf(!roomy)("after its disk was full: what was written is whole", async () => {
    const results = join(folder, "full");
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const script = [
      `mount -t tmpfs -o size=12k tmpfs ${disk}`, `${process.execPath} ${MAIN} ${WORDS.join(" ")} --results ${disk}`, "code=$?",
      `mkdir ${results}`, `cp -r ${disk}/. ${results}`, "exit $code",
    ].join("\n");
    const { code, errors } = await start(["unshare", "-rm", "sh", "-c", script]).outcome;
    expect(code, errors).toBe(EXIT_CODE.unwritten.code);
    expect(errors).toMatch(/\ntcbench: \S+rows\.csv cannot be written: ENOSPC.*; what was written before is kept\. Make room; go on with: npm run bench -- --resume \S+\n$/);
    expectUnfinished(results);
    const again = await startBench("--resume", results).outcome;
    expect(again.code, again.errors).toBe(EXIT_CODE.fine.code);
    expect(exactFiles(results)).toEqual(uninterrupted);
  });
});

describe("jobs", { timeout: 120_000 }, () => {
  test("that measured a part each are, merged, one run that measured all", async () => {
    const results = join(folder, "jobs");
    const parts = await Promise.all([1, 2].map((index) => startBench(...WORDS, "--shard", `${index}/2`, "--results", results).outcome));
    for (const { code, errors } of parts) expect(code, errors).toBe(EXIT_CODE.fine.code);
    const merged = join(folder, "merged");
    const { code, output, errors } = await merge(results, "--results", merged);
    expect(code, errors).toBe(EXIT_CODE.fine.code);
    expect(exactFiles(merged)).toEqual(uninterrupted);
    expect(output).toContain("Model clock, profile");
  });

  test("the command that merges says what it takes", async () => {
    expect(await merge()).toMatchObject({ code: EXIT_CODE.usage.code, errors: "tcbench: no folders are named: npm run merge -- DIR...\n" });
  });
});
