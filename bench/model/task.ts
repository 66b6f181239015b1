// What a worker is given to measure a case on the model clock, and what it answers: structured-cloneable.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { CaseFigures } from "../machine-reading.ts";
import type { ModelCase } from "./plan.ts";

export interface ModelTask extends ModelCase {
  readonly costs: CostModel;
}

export type ModelAnswer =
  | { readonly kind: "measured"; readonly figures: CaseFigures }
  | { readonly kind: "failed"; readonly reason: string };
