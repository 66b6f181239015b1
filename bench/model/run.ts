// Runs cases on the model clock, several at a time, and hands out the rows of each in the order of the plan.

import { Piscina } from "piscina";
import { MODEL_REVISION } from "../../engines/machine/model/revision.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { Baselines } from "../baselines.ts";
import type { BenchCase } from "../case.ts";
import { caseRow, type RowContext, summaryRows } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import { WORKER_OPTIONS } from "../worker-options.ts";
import type { ModelCase } from "./plan.ts";
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
  cases: readonly ModelCase[], { costs, threads, interruption }: ModelRun, answered: (benchCase: BenchCase, answer: ModelAnswer) => void,
): Promise<void> {
  if (cases.length === 0 || interruption.aborted) return;
  const pool = new Piscina({ ...WORKER_OPTIONS, filename: WORKER, minThreads: 1, maxThreads: Math.min(threads, cases.length) });
  const interrupted = new Promise<undefined>((resolve) => { interruption.addEventListener("abort", () => resolve(undefined), { once: true }); });
  try {
    const answers = inTurn(cases, threads, (modelCase) => answerTo(pool, { ...modelCase, costs }));
    for (const [index, { benchCase }] of cases.entries()) {
      const answer = await Promise.race([answers[index], interrupted]);
      if (answer === undefined) return;
      answered(benchCase, answer);
    }
  } finally {
    await pool.destroy();
  }
}

/** Begins work on items in their order, on so many at a time: a pool that is given all of them at once takes them as it likes. */
function inTurn<Item, Result>(items: readonly Item[], most: number, work: (item: Item) => Promise<Result>): Promise<Result>[] {
  const results = items.map(() => Promise.withResolvers<Result>());
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index].resolve(await work(items[index]));
    }
  };
  for (let started = 0; started < most; started++) void worker();
  return results.map(({ promise }) => promise);
}

/** A thread that ends has failed its case. */
async function answerTo(pool: Piscina, task: ModelTask): Promise<ModelAnswer> {
  try {
    return await (pool.run(task) as Promise<ModelAnswer>);
  } catch (error) {
    return { kind: "failed", reason: `its thread ended: ${(error as Error).message.split("\n")[0]}` };
  }
}

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
