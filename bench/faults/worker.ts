// A piscina worker: injects some faults of a campaign after another.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { FaultCase } from "./cases.ts";
import { drawFault } from "./draw.ts";
import { Injector } from "./inject.ts";
import type { Campaign } from "./rows.ts";

export interface FaultTask {
  readonly faultCase: FaultCase;
  readonly costs: CostModel;
  /** Numbers of the faults: the first, and behind the last. */
  readonly from: number;
  readonly to: number;
}

/** The injector of the case that this thread was given last. */
let kept: { readonly key: string; readonly injector: Injector } | undefined;

export default function injectTask({ faultCase, costs, from, to }: FaultTask): Campaign {
  const { engine, options, harts } = faultCase;
  const key = JSON.stringify([engine, options, harts]);
  try {
    if (kept?.key !== key) kept = { key, injector: new Injector(faultCase, costs) };
    const { injector } = kept;
    return { kind: "effects", effects: Array.from({ length: to - from }, (_, index) => injector.inject(drawFault(faultCase.seed, from + index))) };
  } catch (error) {
    kept = undefined;
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { kind: "failed", reason };
  }
}
