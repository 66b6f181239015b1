// What a process of --verify is sent, and what it sends back for each case.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { FaultCase } from "../faults/cases.ts";
import type { Campaign } from "../faults/rows.ts";
import type { IsolationCase } from "../isolation/cases.ts";
import type { Observed } from "../isolation/observe.ts";
import type { ModelCase } from "../model/plan.ts";
import type { ModelAnswer } from "../model/task.ts";

/** Cases of one kind, in the order in which they are to run. */
export type VerifyCases =
  | { readonly kind: "sweep"; readonly cases: readonly ModelCase[] }
  | { readonly kind: "isolation"; readonly cases: readonly IsolationCase[] }
  | { readonly kind: "faults"; readonly cases: readonly FaultCase[] };

export interface VerifyTask {
  readonly chosen: VerifyCases;
  readonly costs: CostModel;
  readonly threads: number;
}

/** What each of them gave, in their order. */
export type CaseAnswer = ModelAnswer | Observed | Campaign;

export interface VerifyAnswer {
  readonly answer: CaseAnswer;
}
