import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { executedStatements, runCovered } from "../../bench/tcb/coverage.ts";
import { readSource } from "../../bench/tcb/source.ts";

/** 12 statements; the calls below run all but those marked. */
const ENGINE = `
  export class Engine {
    turns: number = 1;
    static idle(): number { return 0; }        // 2 of 2: only with "idle"
    trap(cause: number): number {
      if (cause > 1) { return this.turns; }    // 1 of 2: only with cause 2
      else { this.turns++; }                   // 1: only with cause 1
      return 0;                                // 1: only with cause 1
    }
    never(): void { this.turns = 0; }          // 2
  }
  export function unreached(): void {}         // 1
`;
const ALWAYS = 4; // the class, the field, trap, if


/** One worker for each argument, each ended while it still waits, as the harness ends its own; exits with 5. */
const PROGRAM = `
  import { Worker, isMainThread, workerData } from "node:worker_threads";
  if (isMainThread) {
    const workers = process.argv.slice(2).map((cause) => new Worker(import.meta.filename, { workerData: cause }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on("message", resolve))));
    await Promise.all(workers.map((worker) => worker.terminate()));
    process.exitCode = 5;
  } else {
    const { parentPort } = await import("node:worker_threads");
    const { Engine } = await import("./engine.ts");
    if (workerData === "idle") Engine.idle(); else new Engine().trap(Number(workerData));
    parentPort?.postMessage("ran");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
`;

let root: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "coverage-")));
  await writeFile(join(root, "engine.ts"), ENGINE);
  await writeFile(join(root, "program.ts"), PROGRAM);
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const source = readSource("engine.ts", ENGINE);
const modules = [{ path: "engine.ts", minifiedBytes: 1, statements: source.statements, source }];
const executed = async (...causes: string[]): Promise<number> =>
  executedStatements(root, modules, await runCovered(join(root, "program.ts"), causes, [5]));

test.each([
  [["1"], ALWAYS + 2],
  [["2"], ALWAYS + 1],
  [["1", "2"], ALWAYS + 3],
  [["idle"], ALWAYS - 2 - 1 + 2], // the class, the field is not made, the branch is not reached
  [[], 0],
])("threads that trap with %j run %d statements", async (causes, expected) => {
  expect(await executed(...causes)).toBe(expected);
});

test("a program that fails is no coverage", async () => {
  await expect(runCovered(join(root, "missing.ts"), [])).rejects.toThrow("missing.ts");
});
