// Runs that are killed, told to end, or have no room left, and what their files are after they have gone on; jobs in their place.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT_CODE } from "../../../bench/exit-code.ts";
import { parseRows } from "../../../bench/results/csv.ts";
import { MAIN, type Outcome, start, startBench } from "../run-bench.ts";

const MERGE = fileURLToPath(new URL("../../../bench/merge/main.ts", import.meta.url));
/** Of the sweep, with a baseline, in some two seconds of one core. */
const WORDS = ["--clock", "model", "--workload", "hypercall-base", "--workload", "timer", "--engine", "bare", "--engine", "smp", "--engine", "per-core", "--harts", "1", "--harts", "2"];

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
  test("after it was killed again and again at any point, leaves what one leaves that was not", async () => {
    const results = join(folder, "killed");
    let kills = 0;
    let words = WORDS;
    for (let attempt = 0; attempt < 2; attempt++) {
      const { child, outcome } = startBench(...words, "--results", results);
      const some = Math.floor(4 * Math.random());
      if (some > 0) await whenDone(child, some);
      await new Promise((resolve) => { setTimeout(resolve, (some === 0 ? 1500 : 150) * Math.random()); });
      child.kill("SIGKILL");
      if ((await outcome).code !== null) break;
      kills++;
      if (!existsSync(join(results, "unfinished"))) continue; // it had not begun
      expectUnfinished(results);
      words = ["--resume"];
    }
    const { code, errors } = await startBench(...(words === WORDS ? WORDS : ["--resume", results]), ...(words === WORDS ? ["--results", results] : [])).outcome;
    expect(code, errors).toBe(EXIT_CODE.fine.code);
    expect(kills).toBeGreaterThan(0);
    expect(exactFiles(results)).toEqual(uninterrupted);
    expect(readdirSync(results)).toEqual(["exact"]);
  });

  test("with the same flags or none; what has changed, and what it was begun with, is said in a line", async () => {
    const results = join(folder, "told");
    const { child, outcome } = startBench(...WORDS, "--results", results);
    await whenDone(child, 2);
    child.kill("SIGTERM");
    const told = await outcome;
    expect(told.code, told.errors).toBe(EXIT_CODE.terminated.code);
    expect(told.errors).toContain(`go on with: npm run bench -- --resume ${results}\n`);
    expectUnfinished(results);
    const other = await startBench(...WORDS, "--harts", "4", "--results", results, "--resume").outcome;
    expect(other).toMatchObject({ code: EXIT_CODE.usage.code, output: "" });
    expect(other.errors).toMatch(/^tcbench: --resume: the run in \S+ was begun with other flags: --clock model .*; give the same, or none\n$/);
    const same = await startBench(...WORDS, "--results", results, "--resume").outcome;
    expect(same.code, same.errors).toBe(EXIT_CODE.fine.code);
    expect(exactFiles(results)).toEqual(uninterrupted);
    expect(await startBench("--resume", results).outcome).toEqual({ code: EXIT_CODE.usage.code, output: "", errors: `tcbench: --resume: there is no interrupted run in ${results}\n` });
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

  /** 20 KiB: enough to begin, too little for all rows. Mounting needs a namespace of one's own, which not every host grants. */
  const roomy = spawnSync("unshare", ["-rm", "true"]).status === 0;
  test.skipIf(!roomy)("after its disk was full: what was written is whole", async () => {
    const results = join(folder, "full");
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const script = [
      `mount -t tmpfs -o size=20k tmpfs ${disk}`, `${process.execPath} ${MAIN} ${WORDS.join(" ")} --results ${disk}`, "code=$?",
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
    const parts = await Promise.all([1, 2, 3].map((index) => startBench(...WORDS, "--shard", `${index}/3`, "--results", results).outcome));
    for (const { code, errors } of parts) expect(code, errors).toBe(EXIT_CODE.fine.code);
    const merged = join(folder, "merged");
    const { code, output, errors } = await merge(results, "--results", merged);
    expect(code, errors).toBe(EXIT_CODE.fine.code);
    expect(exactFiles(merged)).toEqual(uninterrupted);
    expect(output).toContain("Model clock, profile");
    rmSync(join(results, "shards", "2-of-3"), { recursive: true });
    expect(await merge(results)).toMatchObject({ code: EXIT_CODE.usage.code, output: "", errors: "tcbench: of 3 shards, 2/3 is missing\n" });
  });

  test("the command that merges says what it takes", async () => {
    expect((await merge("--help")).output).toContain("npm run merge -- DIR...");
    expect(await merge()).toMatchObject({ code: EXIT_CODE.usage.code, errors: "tcbench: no folders are named: npm run merge -- DIR...\n" });
    expect(await merge("--fast")).toMatchObject({ code: EXIT_CODE.usage.code, errors: expect.stringMatching(/^tcbench: Unknown option '--fast'.*\n$/) });
  });
});
