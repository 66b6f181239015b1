// Runs one hart of a machine on a worker thread until it halts.

import { workerData } from "node:worker_threads";
import { hartId } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { runHart } from "../../engines/machine/hart/run.ts";
import { Machine } from "../../engines/machine/machine.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import { Firmware } from "./firmware.ts";

export interface HammerWork {
  readonly handle: MemoryHandle;
  readonly hart: number;
  readonly entry: number;
  readonly hotThreshold: number;
}

const { handle, hart, entry, hotThreshold } = workerData as HammerWork;
const memory = new PhysicalMemory(handle);
const machine = new Machine({
  memory, clock: new WallClock(memory), mode: "machine", software: new Firmware(entry), thread: hart, harts: [hart],
  core: (of, thread, imports) => new Core(of, thread, imports, { hotThreshold }),
});
runHart(machine, hartId(hart));
