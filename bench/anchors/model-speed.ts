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
/** Cycles at a time. */
const STEP = 2 * MEGACYCLE;
/** Guests have booted. */
const BOOT = 4 * MEGACYCLE;
/** CPU time past most of what V8 compiles, whatever a cycle costs; of one window, and how many: the best counts, since others on the host only slow. */
const WARM_UP_MS = 1_500;
const WINDOW_MS = 100;
const WINDOWS = 8;
const WALL_WARM_UP_MS = 1_000;
const WALL_WINDOW_MS = 60;

export interface ModelSpeed {
  readonly workload: string;
  readonly parameters: Readonly<Record<string, string>>;
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

/** The cases that trap: every engine's price of an exit, contended and not, at the most harts there are. Without `think`, guests do nothing but contend. */
export function trapSpeeds(done: (speed: ModelSpeed) => void): void {
  for (const [workload, engine, settings] of [
    ["hypercall-base", "per-core", {}], ["hypercall-base", "smp", {}], ["contend", "per-core", {}], ["contend", "smp", {}], ["contend", "smp", { think: "4000" }],
  ] as const) done(modelSpeed(anchorCase(workload, engine, MOST_HARTS, settings)));
}

/** Guests that only compute, at one hart on the wall clock and at one and the most on the model's. */
export async function computeSpeeds(workload: string, engine: EngineName): Promise<ComputeSpeed> {
  return {
    wall: await wallSpeed(anchorCase(workload, engine, 1)),
    one: modelSpeed(anchorCase(workload, engine, 1)).instructions,
    most: modelSpeed(anchorCase(workload, engine, MOST_HARTS)).instructions,
  };
}

function modelSpeed(benchCase: BenchCase): ModelSpeed {
  const session = start(benchCase);
  window(session, WARM_UP_MS);
  let instructions = 0;
  let cycles = 0;
  for (let count = 0; count < WINDOWS; count++) {
    const retired = session.retired();
    const { microseconds, passed } = window(session, WINDOW_MS);
    instructions = Math.max(instructions, (session.retired() - retired) / microseconds);
    cycles = Math.max(cycles, passed / microseconds);
  }
  const { workload, engine, harts, parameters } = benchCase;
  return { workload, parameters, engine, harts, instructions, hartCycles: harts * cycles };
}

/** Advances for at least so much CPU time. */
function window(session: ModelSession, milliseconds: number): { readonly microseconds: number; readonly passed: number } {
  const begun = threadCpuTime();
  let passed = 0;
  do {
    advance(session, STEP);
    passed += STEP;
  } while (threadCpuTime() - begun < milliseconds);
  return { microseconds: 1000 * (threadCpuTime() - begun), passed };
}

/** A machine whose guests have booted. */
export function start(benchCase: BenchCase): ModelSession {
  const session = new ModelSession(benchCase, loadProfile(PROFILE));
  advance(session, BOOT);
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
