// Runs cases on the model clock, several at a time, and hands out the rows of each in the order of the plan.

import { MODEL_REVISION } from "../../engines/machine/model/revision.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { answersInOrder, hangLimitMs } from "../answers.ts";
import { Baselines } from "../baselines.ts";
import type { BenchCase } from "../case.ts";
import { caseRow, type RowContext, summaryRows } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import { WORKER_OPTIONS } from "../worker-options.ts";
import { type ModelCase, modelEstimatesMs } from "./plan.ts";
import type { ModelAnswer, ModelTask } from "./task.ts";

const WORKER = new URL("worker.ts", import.meta.url).href;

export interface ModelRun {
  readonly costs: CostModel;
  readonly threads: number;
  /** Ends the run: the cases that are not done have no answers. */
  readonly interruption: AbortSignal;
}

/** Measures cases, and hands out the answer of each in their order. A case that fails is an answer, and the run goes on. */
export async function measureModelCases(
  cases: readonly ModelCase[], { costs, threads, interruption }: ModelRun, answered: (benchCase: BenchCase, answer: ModelAnswer, index: number) => void,
): Promise<void> {
  const tasks = cases.map((modelCase): ModelTask => ({ ...modelCase, costs }));
  const pool = { ...WORKER_OPTIONS, filename: WORKER };
  const limitsMs = modelEstimatesMs(cases).map(hangLimitMs);
  await answersInOrder<ModelAnswer>(tasks, { pool, most: threads, limitsMs, interruption }, failed, (index, answer) => answered(cases[index].benchCase, answer, index));
}

const failed = (reason: string): ModelAnswer => ({ kind: "failed", reason });

/** Rows from answers, which come in the order of the plan. */
export class ModelRows {
  readonly #baselines = new Baselines();
  readonly #profile: string;

  /** `profile`: what rows call it. */
  constructor(profile: string) {
    this.#profile = profile;
  }

  of(benchCase: BenchCase, answer: ModelAnswer): ResultRow[] {
    const context: RowContext = { benchCase, clock: "model", profile: this.#profile, revision: MODEL_REVISION, status: "ok", reason: "" };
    if (answer.kind === "failed") return [caseRow({ ...context, status: "failed", reason: answer.reason })];
    const rows = summaryRows(context, answer.figures, this.#baselines.for(benchCase), undefined);
    this.#baselines.note(benchCase, rows);
    return rows;
  }
}
