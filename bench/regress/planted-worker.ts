// A piscina worker: executes one hart of a machine whose engine has a slowdown planted in it.

import { workerData } from "piscina";
import { ENGINES } from "../../engines/engines.ts";
import { executeHart } from "../execute-hart.ts";
import type { HartTask } from "../hart-task.ts";
import { planted } from "./planted.ts";

/** Loads for each trap. */
const LOADS = workerData as number;
/** A host takes longer for a load that it did not expect than for one of many. */
const AT_ONCE = 64;

export default function execute(task: HartTask): void {
  executeHart(task, planted(ENGINES[task.engine], LOADS, AT_ONCE));
}
