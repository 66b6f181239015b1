// A machine of one hart, executed on this thread, whose network ports a test plays: it stops when enough
// frames have left, or nothing more happens.

import { Worker } from "node:worker_threads";
import type { Configuration, EngineName, EngineReport, Options } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { cycles, hartId, type Cycles, type HostOffset } from "../../../engines/machine/address.ts";
import { WallClock } from "../../../engines/machine/clock.ts";
import { command } from "../../../engines/machine/control.ts";
import { ConsoleReader } from "../../../engines/machine/devices/console.ts";
import { runHart } from "../../../engines/machine/hart/run.ts";
import { Machine, prepareMachine } from "../../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../../engines/machine/memory.ts";
import type { WirePort } from "../../../engines/machine/network/wire.ts";
import { Core } from "../../../engines/machine/translator/core.ts";
import type { Stop } from "./stopper.ts";

const MEBIBYTE = 0x10_0000;
/** Between two frames; how long to wait for the last of them; and from when guests register their units to the first. */
const SPACING = 20_000;
const QUIET = 300_000_000;
const SETTLE = 20_000_000;
const LIMIT_MS = 20_000;

export interface Run {
  /** What left each port. */
  readonly left: readonly (readonly Buffer[])[];
  readonly report: EngineReport;
  readonly console: string;
}

/** `arrivals`: frames for each port. */
export function runWired(
  engine: EngineName, options: Options, configuration: Configuration, arrivals: readonly (readonly Uint8Array[])[], expected: number,
): Run {
  const guestBytes = configuration.vms.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const memory = PhysicalMemory.create(guestBytes + 32 * MEBIBYTE, 1);
  prepareMachine(memory, 1, { ports: arrivals.length, console: false });
  const clock = new WallClock(memory);
  const description = ENGINES[engine];
  const left: Buffer[][] = arrivals.map(() => []);
  let last = Infinity;
  const stopIfDone = (now: number): void => {
    const count = left.reduce((sum, frames) => sum + frames.length, 0);
    if (count >= expected || now - last > QUIET) command(memory, "stop");
  };
  const isReady = (): boolean => description.inspect({ memory, harts: 1 }, configuration, options).vms.every(({ unitsPage }) => unitsPage !== 0);
  const wire = arrivals.map((frames, port): WirePort => {
    let next = 0;
    let due = Infinity;
    return {
      nextArrival(): Cycles {
        if (due === Infinity && isReady()) due = clock.now() + SETTLE;
        return cycles(next < frames.length && due !== Infinity ? due : clock.now() + SETTLE);
      },
      receive(now: Cycles, target: HostOffset, capacity: number): number {
        stopIfDone(now);
        if (next >= frames.length || now < due) return 0;
        const frame = frames[next++];
        if (frame.length > capacity) throw new Error("a frame that does not fit");
        memory.u8.set(frame, target);
        due = now + SPACING;
        return frame.length;
      },
      pass() {},
      transmit(now: Cycles, source: HostOffset, bytes: number): void {
        left[port].push(Buffer.from(memory.u8.slice(source, source + bytes)));
        last = now;
        stopIfDone(now);
      },
    };
  });
  const machine = new Machine({
    memory, clock, mode: description.mode, software: description.create({ memory, harts: 1 }, configuration, options), thread: 0, harts: [0], wire,
    core: (...given) => new Core(...given),
  });
  // This thread cannot watch itself.
  const watchdog = new Worker(new URL("stopper.ts", import.meta.url), { workerData: { handle: memory.handle(), milliseconds: LIMIT_MS } satisfies Stop });
  command(memory, "run");
  runHart(machine, hartId(0));
  void watchdog.terminate();
  let console = "";
  new ConsoleReader(memory).drain((byte) => { console += String.fromCharCode(byte); });
  return { left, report: description.inspect({ memory, harts: 1 }, configuration, options), console };
}
