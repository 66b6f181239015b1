// A piscina worker: observes one machine with hostile guests after another.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { IsolationCase } from "./cases.ts";
import { observe, type Observed } from "./observe.ts";
import { reach } from "./reach.ts";

export interface IsolationTask {
  readonly isolationCase: IsolationCase;
  readonly costs: CostModel;
}

export default function observeTask({ isolationCase, costs }: IsolationTask): Observed {
  try {
    return isolationCase.reach === true ? { kind: "reached", reached: reach(isolationCase, costs) } : observe(isolationCase, costs);
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { kind: "failed", reason };
  }
}
