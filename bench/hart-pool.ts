// The threads that execute harts, one each. They load what they need as soon as they exist, so whoever has
// something to prepare meanwhile makes them first.

import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

const WORKER = new URL("hart-worker.ts", import.meta.url).href;
const CONSTANTS = new URL("load-constants.ts", import.meta.url).href;
/** Where the workers of one case leave compiled sources to those of the next. */
const COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/tcbench", import.meta.url));

export function createHartPool(harts: number): Piscina {
  return new Piscina({
    filename: WORKER, minThreads: harts, maxThreads: harts, env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    execArgv: process.env["NODE_V8_COVERAGE"] === undefined ? [...process.execArgv, "--import", CONSTANTS] : process.execArgv,
  });
}
