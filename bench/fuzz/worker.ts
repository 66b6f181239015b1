// A piscina worker: fuzzes one machine after another.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { minimise } from "./minimise.ts";
import { runCase } from "./run-case.ts";
import type { FuzzCase, FuzzOutcome } from "./task.ts";

export interface FuzzTask {
  readonly fuzzCase: FuzzCase;
  readonly costs: CostModel;
  /** Of PULSE words, shared with whoever watches. */
  readonly pulse: Int32Array<SharedArrayBuffer>;
}

/** How often something has been done, and, from outside, whether to stop. */
export const PULSE = { beats: 0, stop: 1 } as const;

export default function fuzzTask({ fuzzCase, costs, pulse }: FuzzTask): FuzzOutcome {
  const watch = (): boolean => {
    Atomics.add(pulse, PULSE.beats, 1);
    return Atomics.load(pulse, PULSE.stop) === 0;
  };
  const outcome = runCase(fuzzCase, costs, watch);
  return outcome.failure === undefined ? { ...outcome, operations: [] } : minimise(outcome, fuzzCase.calls, costs, watch);
}
