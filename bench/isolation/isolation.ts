// Attacks on every engine, on the model clock: several machines at a time, rows in the order of the plan.

import { join } from "node:path";
import { Piscina } from "piscina";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import { type BenchCase, caseLabel } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import { UsageError } from "../exit-code.ts";
import type { Profile } from "../model/profile.ts";
import { profileLabel } from "../model/profile-label.ts";
import type { Progress } from "../progress.ts";
import { exactFolder, prepareExact, writeExact } from "../results/exact.ts";
import type { ResultRow } from "../results/schema.ts";
import { outcomeOf } from "../results/outcome.ts";
import type { IsolationCase } from "./cases.ts";
import type { Observed } from "./observe.ts";
import { isolationEstimatesMs, planIsolation } from "./plan.ts";
import { IsolationRows } from "./rows.ts";
import type { IsolationTask } from "./worker.ts";

const WORKER = new URL("worker.ts", import.meta.url).href;

export interface Isolation {
  readonly cases: readonly BenchCase[];
  readonly estimatesMs: readonly number[];
  measure(progress: Progress, interruption: AbortSignal): Promise<ResultRow[]>;
  /** Where the rows have gone, for people. */
  files(): string[];
}

/** Throws a UsageError where nothing is to be measured, or results cannot be written. */
export function openIsolation(request: BenchRequest, engines: readonly EngineDescription[], profile: Profile, threads: number): Isolation {
  const cases = planIsolation(request, engines, ENGINES.bare, profile);
  if (cases.length === 0) throw new UsageError("no attack runs on a selected engine with so many harts");
  const label = profileLabel(request.profile, profile);
  const folder = join(exactFolder(request.resultsFolder, label), "isolation");
  prepareExact(folder);
  let changed: readonly string[] = [];
  return {
    cases,
    estimatesMs: isolationEstimatesMs(cases),
    async measure(progress, interruption) {
      const rows = new IsolationRows(label);
      const all: ResultRow[] = [];
      await observeCases(cases, profile, threads, interruption, (isolationCase, observed) => {
        const more = rows.of(isolationCase, observed);
        progress.begin(caseLabel(isolationCase));
        progress.end(outcomeOf(more[0]));
        all.push(...more);
      });
      changed = writeExact(folder, all, () => true, false);
      return all;
    },
    files: () => [`Every figure: ${folder}; ${changed.length === 0 ? "nothing has changed there" : `changed: ${changed.length} of its files`}`],
  };
}

async function observeCases(
  cases: readonly IsolationCase[], costs: Profile, threads: number, interruption: AbortSignal, observed: (isolationCase: IsolationCase, observed: Observed) => void,
): Promise<void> {
  const pool = new Piscina({ filename: WORKER, minThreads: 1, maxThreads: Math.min(threads, cases.length) });
  const interrupted = new Promise<undefined>((resolve) => { interruption.addEventListener("abort", () => resolve(undefined), { once: true }); });
  const answers = cases.map(() => Promise.withResolvers<Observed>());
  let next = 0;
  /** Takes case after case, so that they begin in the order of the plan. */
  const work = async (): Promise<void> => {
    while (next < cases.length && !interruption.aborted) {
      const index = next++;
      answers[index].resolve(await answerTo(pool, { isolationCase: cases[index], costs }));
    }
  };
  const workers = Array.from({ length: threads }, work);
  try {
    for (const [index, isolationCase] of cases.entries()) {
      const answer = await Promise.race([answers[index].promise, interrupted]);
      if (answer === undefined) return;
      observed(isolationCase, answer);
    }
    await Promise.all(workers);
  } finally {
    await pool.destroy();
  }
}

/** A thread that ends, or does not come back, has failed its case. */
async function answerTo(pool: Piscina, task: IsolationTask): Promise<Observed> {
  try {
    return await (pool.run(task) as Promise<Observed>);
  } catch (error) {
    return { kind: "failed", reason: `its thread ended: ${(error as Error).message.split("\n")[0]}` };
  }
}
