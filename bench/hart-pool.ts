// The threads that execute harts, one each. They load what they need as soon as they exist, so whoever has
// something to prepare meanwhile makes them first.

import { Piscina } from "piscina";
import { WORKER_OPTIONS } from "./worker-options.ts";

const WORKER = new URL("hart-worker.ts", import.meta.url).href;

export function createHartPool(harts: number): Piscina {
  return new Piscina({ ...WORKER_OPTIONS, filename: WORKER, minThreads: harts, maxThreads: harts });
}
