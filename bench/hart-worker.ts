// A piscina worker: executes one hart, from boot until the machine is stopped.

import { ENGINES } from "../engines/engines.ts";
import { executeHart } from "./execute-hart.ts";
import type { HartTask } from "./hart-task.ts";

export default function execute(task: HartTask): void {
  executeHart(task, ENGINES[task.engine]);
}
