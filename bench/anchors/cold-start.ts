// From the start of a process to the first instruction of a guest. `coldStart` starts this file as a
// process of its own, which does what a run does until its guest retires its first instructions, and
// prints when that was. Nothing compiled is kept from one process to the next.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { EngineName } from "../../engines/engine.ts";
import { now } from "../hart-clock.ts";
import { median } from "../statistics.ts";

const ROUNDS = 5;
const STEP_MS = 5;
const ENGINE: EngineName = "uniprocessor";
const WORKLOAD = "compute-hash";

/** Milliseconds, the median of some processes. */
export async function coldStart(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = now();
    times.push(Number(await outputOf(fileURLToPath(import.meta.url))) - begun);
  }
  return median(times);
}

function outputOf(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script], { encoding: "utf8", env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" } }, (error, output) => {
      if (error === null) resolve(output);
      else reject(error);
    });
  });
}

if (import.meta.main) {
  // The hart's thread loads its part while this one loads the rest.
  const { createHartPool } = await import("../hart-pool.ts");
  const pool = createHartPool(1);
  const [{ anchorCase }, { MachineSession }] = await Promise.all([import("./machine-run.ts"), import("../session.ts")]);
  const session = await MachineSession.start(anchorCase(WORKLOAD, ENGINE, 1), pool);
  let window = await session.run(STEP_MS);
  while (session.retired() === 0) window = await session.run(STEP_MS);
  process.stdout.write(String(window.resumed));
  await session.stop();
}
