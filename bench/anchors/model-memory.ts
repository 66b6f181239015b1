// What memory a hart takes on the model clock. Processes are compared that differ in their number of harts: `bytesPerHart`
// starts this file for each, which runs such a machine and prints the memory that it then has.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CaseFailure } from "../failure.ts";
import { anchorCase } from "./machine-run.ts";
import { MOST_HARTS, start } from "./model-speed.ts";

/** Its guest included, and what the process has for either. */
export function bytesPerHart(): number {
  return (processBytes(MOST_HARTS) - processBytes(1)) / (MOST_HARTS - 1);
}

function processBytes(harts: number): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), String(harts)], { encoding: "utf8" });
  if (status !== 0) throw new CaseFailure(`the model of ${harts} harts: ${stderr.split("\n")[0]}`);
  return Number(stdout);
}

if (import.meta.main) {
  const session = start(anchorCase("hypercall-base", "per-core", Number(process.argv[2])));
  if (session.retired() > 0) process.stdout.write(String(process.memoryUsage().rss));
}
