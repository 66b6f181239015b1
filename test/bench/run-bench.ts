// The command in a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export const startBench = (...words: string[]): { readonly child: ChildProcess; readonly outcome: Promise<Outcome> } => start([process.execPath, MAIN, ...words]);

export function start([program, ...words]: readonly string[], env: NodeJS.ProcessEnv = process.env): { readonly child: ChildProcess; readonly outcome: Promise<Outcome> } {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => { output += chunk.toString(); });
  child.stderr.on("data", (chunk: Buffer) => { errors += chunk.toString(); });
  return { child, outcome: new Promise((resolve) => { child.on("close", (code) => resolve({ code, output, errors })); }) };
}
