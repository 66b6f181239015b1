// Writes to a console as fast as it can.

import { isMainThread, workerData } from "node:worker_threads";
import { ConsoleWriter } from "../../engines/machine/devices/console.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";

export interface ConsoleTask {
  readonly memory: MemoryHandle;
  readonly written: number;
}

/** Test runners have threads too. */
const isTask = (data: unknown): data is ConsoleTask => typeof data === "object" && data !== null && "written" in data;

if (!isMainThread && isTask(workerData)) {
  const writer = new ConsoleWriter(new PhysicalMemory(workerData.memory));
  for (let index = 0; index < workerData.written; index++) writer.write(index, 0);
}
