// Fuzzes several engines, machine after machine, on all of the host's cores, until enough operations have been tried.

import { Piscina } from "piscina";
import type { EngineName } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { WORKER_OPTIONS } from "../worker-options.ts";
import { seedOf } from "./random.ts";
import type { FuzzOutcome } from "./task.ts";
import { type FuzzTask, PULSE } from "./worker.ts";

const WORKER = new URL("worker.ts", import.meta.url).href;
/** Operations on one machine, on which guests that are lost to their own doing add up. */
export const CASE_CALLS = 20_000;
/** A thread that has not come to the end of a slice for so long does not come back. */
const HUNG_MS = 60_000;
const WATCH_MS = 1_000;

export interface Campaign {
  readonly engines: readonly EngineName[];
  readonly seed: number;
  /** Operations on each engine. */
  readonly calls: number;
  readonly milliseconds: number;
  readonly threads: number;
  readonly costs: CostModel;
}

/** What was done on one engine. */
export interface EngineTally {
  readonly engine: EngineName;
  machines: number;
  calls: number;
  milliseconds: number;
  readonly signatures: Set<string>;
  readonly failures: FuzzOutcome[];
  begun: number;
}

/** Operations, with those of the machines that run now. */
const expected = ({ calls, begun, machines }: EngineTally): number => calls + (begun - machines) * CASE_CALLS;

export async function fuzzEngines(campaign: Campaign, finished: (tally: EngineTally, outcome: FuzzOutcome) => void): Promise<readonly EngineTally[]> {
  const { engines, seed, calls, milliseconds, threads, costs } = campaign;
  const tallies = engines.map((engine): EngineTally => ({ engine, machines: 0, calls: 0, milliseconds: 0, signatures: new Set(), failures: [], begun: 0 }));
  const end = performance.now() + milliseconds;
  const work = async (): Promise<void> => {
    for (;;) {
      const open = tallies.filter((tally) => expected(tally) < calls);
      if (open.length === 0 || performance.now() >= end) return;
      const tally = open.reduce((least, other) => (expected(other) < expected(least) ? other : least));
      const fuzzCase = { engine: tally.engine, seed: seedOf(seed, tally.begun++), calls: Math.min(CASE_CALLS, calls - tally.calls) };
      const from = performance.now();
      const outcome = await watched({ fuzzCase, costs, pulse: new Int32Array(new SharedArrayBuffer(8)) }, end);
      tally.machines++;
      tally.calls += outcome.done;
      tally.milliseconds += performance.now() - from;
      for (const signature of outcome.signatures) tally.signatures.add(signature);
      if (outcome.failure !== undefined) tally.failures.push(outcome);
      finished(tally, outcome);
    }
  };
  const pool = new Piscina<FuzzTask, FuzzOutcome>({ ...WORKER_OPTIONS, filename: WORKER, minThreads: 1, maxThreads: threads });
  /** A thread that hangs, or ends, is what failed. */
  const watched = async (task: FuzzTask, until: number): Promise<FuzzOutcome> => {
    const hung = new AbortController();
    let beats = 0;
    let since = performance.now();
    const watch = setInterval(() => {
      const now = Atomics.load(task.pulse, PULSE.beats);
      if (now !== beats) since = performance.now();
      beats = now;
      if (performance.now() >= until) Atomics.store(task.pulse, PULSE.stop, 1);
      if (performance.now() - since > HUNG_MS) hung.abort();
    }, WATCH_MS);
    try {
      return await pool.run(task, { signal: hung.signal });
    } catch (error) {
      const { engine, seed, calls } = task.fuzzCase;
      const failure = hung.signal.aborted ? `the host hangs: no slice ended in ${HUNG_MS / 1000} s` : `its thread ended: ${(error as Error).message}`;
      return { engine, seed, calls, setting: "", done: 0, signatures: [], operations: [], failure };
    } finally {
      clearInterval(watch);
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, work));
  } finally {
    await pool.destroy();
  }
  return tallies;
}
