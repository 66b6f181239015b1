// How threads are started that machines run on.

import { fileURLToPath } from "node:url";

/** Loaded before anything else. */
const CONSTANTS = new URL("load-constants.ts", import.meta.url).href;
/** Where they leave compiled sources to those that come after them. */
const COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/tcbench", import.meta.url));

/** Of a piscina pool. Under coverage, whose offsets are those of the sources, modules are loaded as they are. */
export const WORKER_OPTIONS = {
  env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  execArgv: process.env["NODE_V8_COVERAGE"] === undefined ? ["--import", CONSTANTS] : [],
};
