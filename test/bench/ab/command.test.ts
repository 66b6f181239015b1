// `npm run bench -- --ab`: what is refused before anything is measured, a run against the last commit, and that nothing is left.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAbCommand } from "../../../bench/ab/request.ts";
import { EXIT_CODE } from "../../../bench/exit-code.ts";
import { parseRows } from "../../../bench/results/csv.ts";
import { vocabularyOf } from "../../../bench/vocabulary.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { CATALOGUE } from "../../../workloads/catalogue.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const ONE_CASE = ["--workload", "hypercall-base", "--engine", "bare", "--harts", "1"];

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-command-")); });
afterAll(() => rmSync(folder, { recursive: true }));

/** `interruptAt`: sent SIGINT, as Ctrl-C is, once it has said this. */
function run(words: readonly string[], interruptAt?: RegExp): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const child = spawn(process.execPath, [join(REPOSITORY, "bench/main.ts"), ...words, "--results", folder], { env: { ...process.env, TMPDIR: folder } });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => { output += chunk.toString(); });
  child.stderr.on("data", (chunk: Buffer) => {
    const before = interruptAt?.test(errors);
    errors += chunk.toString();
    if (before === false && interruptAt?.test(errors)) child.kill("SIGINT");
  });
  return new Promise((resolve) => { child.on("close", (code) => resolve({ code, output, errors })); });
}

/** Worktrees of other revisions that are there, and their folders. */
const leftOvers = (): string[] => [
  ...execFileSync("git", ["worktree", "list"], { cwd: REPOSITORY, encoding: "utf8" }).split("\n").filter((line) => line.startsWith(folder)),
  ...readdirSync(folder).filter((name) => name.startsWith("tcbench-ab-")),
];

describe("npm run bench -- --ab", () => {
  test("against a revision: every sample is kept, and the other tree is gone", async () => {
    const { code, output } = await run(["--ab", "HEAD", ...ONE_CASE, "--rounds", "1", "--level", "0.34"]);
    // The host may be busy; nothing is asserted of its time.
    expect([EXIT_CODE.fine.code, EXIT_CODE.contaminated.code, EXIT_CODE.regression.code]).toContain(code);
    expect(output).toMatch(/hypercall-base on bare, 1 hart +\d\.\d{3} +\d\.\d{3}–\d\.\d{3} +\d\.\d{4} +(?:no difference|slower|faster)/);
    expect(output).toMatch(/hypercall-base on bare, 1 hart +[\d,]+ +[\d,]+ +\d\.\d{3} +\d\.\d{2}/);
    expect(output.replaceAll(/\s+/g, " ")).toMatch(/1 compared, \d slower, \d faster, 0 not in A, 0 failed/);
    const [file] = readdirSync(join(folder, "ab"));
    const rows = parseRows(readFileSync(join(folder, "ab", file), "utf8"));
    expect(rows.filter(({ metric }) => metric === "throughput").map(({ sample }) => sample)).toEqual([0, 1, 0, 1]);
    expect(leftOvers()).toEqual([]);
  });

  test("Ctrl-C ends it at once, and leaves nothing behind", async () => {
    const { code, output } = await run(["--ab", "HEAD", ...ONE_CASE, "--rounds", "500"], /round 1: B/);
    expect(code).toBe(EXIT_CODE.interrupted.code);
    expect(output).toBe("");
    expect(leftOvers()).toEqual([]);
  });

  test.each([
    [["--ab", "nowhere"], "--ab nowhere: not a git revision here"],
    [["--ab", "HEAD", "--rounds", "3"], "--rounds 3 cannot reach p < 0.01 in 6 cases: the smallest p is 0.056, however far apart A and B are; 4 rounds can"],
  ])("%j is refused before anything is measured", async (words, message) => {
    expect(await run(words)).toEqual({ code: EXIT_CODE.usage.code, output: "", errors: `tcbench: ${message}\n` });
    expect(leftOvers()).toEqual([]);
  });

  const parse = (...words: string[]) => parseAbCommand(words, vocabularyOf(Object.values(ENGINES), CATALOGUE), 2);

  test("its command line", () => {
    expect(parse("--ab", "main", "--threshold", "2.5", "--harts", "1", "--set", "lock=mcs")).toEqual({
      ab: "main", rounds: 20, criteria: { level: 0.01, threshold: 2.5 }, engines: undefined, workloads: undefined, harts: [1], settings: { lock: "mcs" }, resultsFolder: "results",
    });
    expect(parse("--ab", "main", "--help")).toBe("help");
  });

  test.each([
    [["--ab", ""], "--ab needs a git revision"],
    [["--ab", "main", "--level", "1"], "--level 1: not a number from 0 to below 1"],
    [["--ab", "main", "--level", "0"], "--level 0: no p is below it"],
    [["--ab", "main", "--threshold", "5%"], "--threshold 5%: not a number"],
    [["--ab", "main", "--harts", "3"], "--harts 3: this host has 2 cores; npm run compare"],
    [["--ab", "main", "--engine", "xen"], "unknown engine xen"],
    [["--ab", "main", "--full"], "Unknown option '--full'"],
  ])("%j is refused", (words, message) => {
    expect(() => parse(...words)).toThrow(message);
  });
});
