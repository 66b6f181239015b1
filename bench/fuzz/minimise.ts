// From a machine on which something did not hold, the fewest of its operations with which it still does not.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { Operation } from "./operation.ts";
import { runCase, type Watch } from "./run-case.ts";
import type { FuzzCase, FuzzOutcome } from "./task.ts";

type Operations = readonly (readonly Operation[])[];

/** Tries that are made of it. */
const MOST_TRIES = 120;

/** The outcome with the fewest operations that was found to fail in the same words; the given one, if none did again. */
export function minimise(failed: FuzzOutcome, calls: number, costs: CostModel, watch: Watch): FuzzOutcome {
  const wanted = kindOf(failed);
  const search = new Search(failed, (replay) => {
    const fuzzCase: FuzzCase = { engine: failed.engine, seed: failed.seed, calls, replay };
    const outcome = runCase(fuzzCase, costs, watch);
    return kindOf(outcome) === wanted ? { ...outcome, operations: replay } : undefined;
  });
  // Which harts' operations matter; then of each, how much of them, by halves.
  for (const lane of failed.operations.keys()) search.without(lane, 0, Infinity);
  for (const lane of failed.operations.keys()) {
    let size = search.length(lane);
    while (size > 1) {
      size = Math.ceil(size / 2);
      for (let at = 0; at < search.length(lane);) if (!search.without(lane, at, size)) at += size;
    }
  }
  return search.best;
}

class Search {
  best: FuzzOutcome;
  readonly #run: (replay: Operations) => FuzzOutcome | undefined;
  #tries = 0;

  constructor(failed: FuzzOutcome, run: (replay: Operations) => FuzzOutcome | undefined) {
    this.best = failed;
    this.#run = run;
  }

  length(lane: number): number {
    return this.best.operations[lane].length;
  }

  /** Leaves some operations of a lane out, if it then still fails. */
  without(lane: number, at: number, size: number): boolean {
    if (this.#tries++ >= MOST_TRIES) return false;
    const { operations } = this.best;
    const outcome = this.#run(operations.with(lane, operations[lane].toSpliced(at, size)));
    this.best = outcome ?? this.best;
    return outcome !== undefined;
  }
}

/** Without what differs from run to run of the same fault: numbers. */
function kindOf({ failure }: FuzzOutcome): string | undefined {
  return failure?.replaceAll(/0x[0-9a-f]+|\d+/g, "#").slice(0, 80);
}
