// Stops a machine after a while.

import { workerData } from "node:worker_threads";
import { command } from "../../../engines/machine/control.ts";
import { PhysicalMemory, type MemoryHandle } from "../../../engines/machine/memory.ts";

export interface Stop { readonly handle: MemoryHandle; readonly milliseconds: number }

const { handle, milliseconds } = workerData as Stop;
setTimeout(() => command(new PhysicalMemory(handle), "stop"), milliseconds);
