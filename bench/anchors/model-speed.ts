// How fast the model clock runs: guest instructions for each microsecond that its one thread had the CPU. Beside it, one
// hart of the wall clock with the same guest.

import type { EngineName } from "../../engines/engine.ts";
import { threadCpuTime } from "../hart-clock.ts";
import type { BenchCase } from "../case.ts";
import { CaseFailure } from "../failure.ts";
import { loadProfile } from "../model/profile.ts";
import { ModelSession } from "../model/session.ts";
import { MachineSession } from "../session.ts";
import { anchorCase } from "./machine-run.ts";

const PROFILE = "uniform-128";
export const MOST_HARTS = 128;
const MEGACYCLE = 1_000_000;
/** Cycles of one window, and how many: the best counts, since others on the host only slow. */
const WINDOW = 2 * MEGACYCLE;
const WINDOWS = 5;
/** Past most of what V8 compiles. */
const WARM_UP = 4 * MEGACYCLE;
const WALL_WARM_UP_MS = 1_000;
const WALL_WINDOW_MS = 60;

export interface ModelSpeed {
  readonly workload: string;
  readonly engine: EngineName;
  readonly harts: number;
  /** Of the guests, per microsecond of CPU time. */
  readonly instructions: number;
  /** Cycles of all harts together, waiting ones too, per microsecond. */
  readonly hartCycles: number;
}

export interface ComputeSpeed {
  readonly wall: number;
  readonly one: number;
  readonly most: number;
}

/** The cases that trap: every engine's price of an exit, contended and not, at the most harts there are. */
export function trapSpeeds(done: (speed: ModelSpeed) => void): void {
  for (const [workload, engine] of [
    ["hypercall-base", "per-core"], ["hypercall-base", "smp"], ["contend", "per-core"], ["contend", "smp"],
  ] as const) done(modelSpeed(anchorCase(workload, engine, MOST_HARTS), WINDOW));
}

/** Guests that only compute, at one hart on the wall clock and at one and the most on the model's. */
export async function computeSpeeds(workload: string, engine: EngineName): Promise<ComputeSpeed> {
  return {
    wall: await wallSpeed(anchorCase(workload, engine, 1)),
    one: modelSpeed(anchorCase(workload, engine, 1), MOST_HARTS * WINDOW).instructions,
    most: modelSpeed(anchorCase(workload, engine, MOST_HARTS), WINDOW).instructions,
  };
}

function modelSpeed(benchCase: BenchCase, cyclesOfWindow: number): ModelSpeed {
  const session = start(benchCase);
  let best = Infinity;
  let instructions = 0;
  for (let window = 0; window < WINDOWS; window++) {
    const retired = session.retired();
    const begun = threadCpuTime();
    advance(session, cyclesOfWindow);
    const microseconds = 1000 * (threadCpuTime() - begun);
    instructions = Math.max(instructions, (session.retired() - retired) / microseconds);
    best = Math.min(best, microseconds);
  }
  const { workload, engine, harts } = benchCase;
  return { workload, engine, harts, instructions, hartCycles: (harts * cyclesOfWindow) / best };
}

/** A machine past its warm-up. */
export function start(benchCase: BenchCase): ModelSession {
  const session = new ModelSession(benchCase, loadProfile(PROFILE));
  advance(session, WARM_UP);
  return session;
}

function advance(session: ModelSession, duration: number): void {
  const { kind } = session.run(duration);
  if (kind !== "reached") throw new CaseFailure(`the model ended in a ${kind}; ${session.whereabouts()}`);
}

async function wallSpeed(benchCase: BenchCase): Promise<number> {
  const session = await MachineSession.start(benchCase);
  try {
    await session.run(WALL_WARM_UP_MS);
    let best = 0;
    for (let window = 0; window < WINDOWS; window++) {
      const retired = session.retired();
      const { milliseconds, cpuToWall } = await session.run(WALL_WINDOW_MS);
      best = Math.max(best, (session.retired() - retired) / (1000 * milliseconds * (cpuToWall ?? 1)));
    }
    return best;
  } finally {
    await session.stop();
  }
}
