// Executes one hart on the calling thread, from boot until the machine is stopped.

import { flushCompileCache } from "node:module";
import type { EngineDescription } from "../engines/engine.ts";
import { hartId } from "../engines/machine/address.ts";
import { WallClock } from "../engines/machine/clock.ts";
import { runHart } from "../engines/machine/hart/run.ts";
import { Machine } from "../engines/machine/machine.ts";
import { PhysicalMemory } from "../engines/machine/memory.ts";
import { connectWire } from "../engines/machine/network/wire.ts";
import { Core } from "../engines/machine/translator/core.ts";
import { HartClocks, now, threadCpuTime } from "./hart-clock.ts";
import type { HartTask } from "./hart-task.ts";

const PROBE_READINGS = 2_000;
const PROBE_ROUNDS = 5;

export function executeHart(task: HartTask, engine: Pick<EngineDescription, "mode" | "create">): void {
  flushCompileCache(); // everything is loaded, and this thread may be ended at any time
  const memory = new PhysicalMemory(task.memory);
  const clock = new WallClock(memory);
  const clocks = new HartClocks(task.clocks);
  clocks.writeProbeCost(task.hart, probeCost(clock));
  const software = engine.create({ memory, harts: task.harts }, task.configuration, task.options);
  const machine = new Machine({
    memory, clock, mode: engine.mode, software, core: (...parts) => new Core(...parts), thread: task.hart, harts: [task.hart],
    wire: task.wired ? connectWire(memory, memory.deviceArea()) : [],
  });
  const id = hartId(task.hart);
  let resumed = 0;
  let cpuBefore = 0;
  let idleBefore = 0;
  runHart(machine, id, {
    running() {
      clock.skip(clocks.pausedMs());
      idleBefore = machine.state(id).slept;
      cpuBefore = threadCpuTime();
      resumed = now();
    },
    paused() {
      clocks.write(task.hart, { resumed, paused: now(), cpu: threadCpuTime() - cpuBefore, idle: (machine.state(id).slept - idleBefore) / 1e6 });
    },
  });
}

/** Nanoseconds that one reading of the machine's clock takes: the best of some rounds, as interference only adds. */
function probeCost(clock: WallClock): number {
  let best = Infinity;
  for (let round = 0; round < PROBE_ROUNDS; round++) {
    const begun = now();
    for (let reading = 0; reading < PROBE_READINGS; reading++) clock.now();
    best = Math.min(best, ((now() - begun) * 1e6) / PROBE_READINGS);
  }
  return best;
}
