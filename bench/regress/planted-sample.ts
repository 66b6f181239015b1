// As bench/ab/sample.ts, with an engine that has a slowdown planted in it: so many loads for each trap, the first word says.

import { Piscina } from "piscina";
import { serve } from "../ab/serve.ts";
import { MachineSession } from "../session.ts";
import { WORKER_OPTIONS } from "../worker-options.ts";

const WORKER = new URL("planted-worker.ts", import.meta.url).href;
const loads = Number(process.argv[2]);

await serve((benchCase) => MachineSession.start(benchCase, new Piscina({
  ...WORKER_OPTIONS, filename: WORKER, minThreads: benchCase.harts, maxThreads: benchCase.harts, workerData: loads,
})));
