// A workload's throughput on the model clock.

import { ENGINES } from "../../engines/engines.ts";
import type { EngineName } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import type { BenchCase } from "../case.ts";
import { makeCase } from "../make-case.ts";
import { measureOnModel } from "../model/measure.ts";
import { ModelSession } from "../model/session.ts";

/** What is measured, on either clock. */
export interface Subject {
  readonly workload: string;
  readonly engine: EngineName;
  readonly harts: number;
  /** Of the engine and of the workload. */
  readonly settings: Readonly<Record<string, string>>;
}

const WARM_UP = 1_000_000;
const LIMIT = 200_000_000;

export function caseOf({ workload: name, engine, harts, settings }: Subject): BenchCase {
  const workload = CATALOGUE.find((each) => each.name === name);
  if (workload === undefined) throw new RangeError(`no workload ${name}`);
  return makeCase(workload, ENGINES[engine], harts, settings, () => undefined);
}

/** Units a cycle, of all guests that count. Throws a CaseFailure. */
export function throughputOnModel(subject: Subject, costs: CostModel, window: number): number {
  const benchCase = caseOf(subject);
  const { windows: [{ units, duration }] } = measureOnModel(new ModelSession(benchCase, costs), benchCase, { warmUp: WARM_UP, window, limit: LIMIT });
  return units.reduce((sum, count, vm) => sum + (benchCase.counted[vm] ? count : 0), 0) / duration;
}
