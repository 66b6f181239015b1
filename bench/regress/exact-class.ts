// The exact class: cases on the model clock, compared as npm run compare does. The same engine again must give no finding, and
// the smallest slowdown planted in it must always give one.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { ENGINES } from "../../engines/engines.ts";
import { MODEL_REVISION } from "../../engines/machine/model/revision.ts";
import { type BenchCase, caseLabel } from "../case.ts";
import { compareRows, type Comparison } from "../compare/compare.ts";
import type { Limits } from "../compare/limits.ts";
import type { CaseFigures } from "../machine-reading.ts";
import { measureOnModel } from "../model/measure.ts";
import { ModelSession } from "../model/session.ts";
import { summaryRows } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import { caseOf, type Subject } from "../validate/model-case.ts";
import { planted } from "./planted.ts";

/** Cases of guests that trap, and in which no hart idles or waits long: what is planted in the engine is lost to the guests. */
export const EXACT_CASES: readonly Subject[] = [
  { workload: "hypercall-base", engine: "uniprocessor", harts: 1, settings: {} },
  { workload: "hypercall-base", engine: "per-core", harts: 2, settings: {} },
  { workload: "hypercall-base", engine: "smp", harts: 2, settings: {} },
  { workload: "hypercall-base", engine: "microscheduler", harts: 2, settings: {} },
  { workload: "hypercall-yield", engine: "uniprocessor", harts: 1, settings: {} },
  { workload: "hypercall-yield", engine: "smp", harts: 1, settings: {} },
  { workload: "contend", engine: "per-core", harts: 2, settings: {} },
  { workload: "contend", engine: "smp", harts: 2, settings: {} },
  { workload: "contend", engine: "microscheduler", harts: 2, settings: {} },
];

/** The model charges the same for each, and harts that wait for each other keep their pace where all traps are as long. */
const AT_ONCE = 1;
const TIMING = { warmUp: 1_000_000, window: 2_000_000, limit: 2_000_000_000 } as const;

export interface ExactOutcome {
  readonly label: string;
  /** Comparisons of the engine with itself, those with a finding of any kind, and the figures compared in all of them. */
  readonly repetitions: number;
  readonly alarms: number;
  readonly figures: number;
  readonly planted: readonly ExactPlanted[];
}

export interface ExactPlanted {
  /** In percent, as asked for; and the throughput that was lost. */
  readonly slowdown: number;
  readonly lost: number;
  readonly found: boolean;
}

/** Throws a CaseFailure. */
export function tryExact(subject: Subject, costs: CostModel, repetitions: number, slowdowns: readonly number[], none: Limits): ExactOutcome {
  const benchCase = caseOf(subject);
  const plain = measure(benchCase, costs, 0);
  const rows = rowsOf(benchCase, plain, costs.name);
  const compare = (figures: CaseFigures): Comparison => compareRows(rows, rowsOf(benchCase, figures, costs.name), none);
  const again = Array.from({ length: repetitions }, () => compare(measure(benchCase, costs, 0)));
  return {
    label: caseLabel(benchCase), repetitions,
    alarms: again.filter(({ findings }) => findings.length > 0).length,
    figures: again.reduce((sum, { compared }) => sum + compared, 0),
    planted: slowdowns.map((slowdown): ExactPlanted => {
      const slower = measure(benchCase, costs, loadsFor(slowdown, plain, benchCase.harts, costs));
      return { slowdown, lost: 100 * (1 - throughputOf(slower) / throughputOf(plain)), found: compare(slower).findings.some(({ kind }) => kind === "worse") };
    }),
  };
}

function measure(benchCase: BenchCase, costs: CostModel, loads: number): CaseFigures {
  return measureOnModel(new ModelSession(benchCase, costs, undefined, planted(ENGINES[benchCase.engine], loads, AT_ONCE)), benchCase, TIMING);
}

function rowsOf(benchCase: BenchCase, figures: CaseFigures, profile: string): ResultRow[] {
  return summaryRows({ benchCase, clock: "model", profile, revision: MODEL_REVISION, status: "ok", reason: "" }, figures, undefined, undefined);
}

const throughputOf = ({ units, windows: [{ duration }] }: CaseFigures): number => units.reduce((sum, count) => sum + count, 0) / duration;

/** Loads for each trap that take such a part of all harts' cycles, at what the model charges for one. */
function loadsFor(slowdown: number, { windows: [{ duration }], exits }: CaseFigures, harts: number, { costs }: CostModel): number {
  const traps = Object.values(exits).reduce((sum, count) => sum + count, 0);
  const extra = (harts * duration * slowdown) / (100 - slowdown);
  return extra / (traps * costs.cacheHit);
}
