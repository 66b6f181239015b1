// Runs one hart of a machine on a worker thread.

import { workerData } from "node:worker_threads";
import { hartId } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { runHart } from "../../engines/machine/hart/run.ts";
import { Machine } from "../../engines/machine/machine.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import { SOFTWARE } from "./software.ts";

export interface HartWork {
  readonly handle: MemoryHandle;
  readonly hart: number;
  readonly harts: number;
  readonly software: keyof typeof SOFTWARE;
}

const { handle, hart, harts, software } = workerData as HartWork;
const memory = new PhysicalMemory(handle);
const machine = new Machine({
  memory, clock: new WallClock(memory), mode: software === "timers" || software === "input" ? "machine" : "hypervisor", software: new SOFTWARE[software](harts), thread: hart, harts: [hart],
  core: (...given) => new Core(...given),
});
runHart(machine, hartId(hart));
