// What an exit and a world switch cost, and what a second hart gains.

import type { EngineName } from "../../engines/engine.ts";
import { summariseLatency } from "../histogram.ts";
import type { CaseFigures } from "../machine-reading.ts";
import { measureCase, type Timing } from "../measure.ts";
import { MachineSession } from "../session.ts";
import { median } from "../statistics.ts";
import { anchorCase } from "./machine-run.ts";

/** Calls in one unit of the hypercall guest. */
const CALLS_PER_UNIT = 100;
const TIMING: Timing = { windowMs: 200, samples: 9, warmUpMs: 1_000, watchdogMs: 5_000 };

export interface ExitCost {
  /** Median over the windows of the mean time of one call in each, nothing but calls being done. */
  readonly nanoseconds: number;
  /** Median of single calls; includes the guest's two reads of `cycle`. */
  readonly timedMedian: number | undefined;
}

/** A call that the engine answers at once. */
export async function exitRoundTrip(engine: EngineName): Promise<ExitCost> {
  return {
    nanoseconds: callTime(await measure("hypercall-base", engine, 1, { guests: "1" })),
    timedMedian: summariseLatency((await measure("hypercall-base", engine, 1, { guests: "1", latency: "1" })).latency)?.p50,
  };
}

/** Two guests on one hart that yield to each other and do nothing else: all of the time, over the switches in it. */
export async function worldSwitch(engine: EngineName): Promise<{ readonly nanoseconds: number; readonly switchesPerCall: number }> {
  const figures = await measure("hypercall-yield", engine, 1, { guests: "2" });
  const switchesPerCall = figures.worldSwitches / (CALLS_PER_UNIT * sum(figures.units));
  return { nanoseconds: callTime(figures) / switchesPerCall, switchesPerCall };
}

/** Throughput of two guests on two harts over that of one guest on one: medians of the windows. */
export async function secondHart(engine: EngineName, workload: string): Promise<{ readonly one: number; readonly two: number }> {
  const perSecond = (figures: CaseFigures) => median(figures.windows.map((window) => (1000 * sum(window.units)) / window.milliseconds));
  return { one: perSecond(await measure(workload, engine, 1, {})), two: perSecond(await measure(workload, engine, 2, {})) };
}

async function measure(workload: string, engine: EngineName, harts: number, settings: Readonly<Record<string, string>>): Promise<CaseFigures> {
  const benchCase = anchorCase(workload, engine, harts, settings);
  const session = await MachineSession.start(benchCase);
  try {
    return await measureCase(session, benchCase, TIMING, () => undefined);
  } finally {
    await session.stop();
  }
}

const callTime = (figures: CaseFigures): number =>
  median(figures.windows.map((window) => (1e6 * window.milliseconds) / (CALLS_PER_UNIT * sum(window.units))));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
