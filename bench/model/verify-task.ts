// What a process of --verify is sent, and what it sends back for each case.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { ModelCase } from "./plan.ts";
import type { ModelAnswer } from "./task.ts";

export interface VerifyTask {
  /** In the order in which they are to run. */
  readonly cases: readonly ModelCase[];
  readonly costs: CostModel;
  readonly threads: number;
}

/** One for every case, in their order. */
export interface VerifyAnswer {
  readonly answer: ModelAnswer;
}
