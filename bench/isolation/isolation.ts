// Attacks on every engine, on the model clock: several machines at a time, rows in the order of the plan.

import { join } from "node:path";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { answersInOrder, hangLimitMs } from "../answers.ts";
import { caseLabel, keyOfCase } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import type { Profile } from "../model/profile.ts";
import { profileLabel } from "../model/profile-label.ts";
import { exactFolder, prepareExact, writeExact } from "../results/exact.ts";
import type { ExactWork } from "../resume/exact-work.ts";
import type { IsolationCase } from "./cases.ts";
import type { Observed } from "./observe.ts";
import { isolationEstimatesMs, planIsolation } from "./plan.ts";
import { IsolationRows } from "./rows.ts";
import type { IsolationTask } from "./worker.ts";

const WORKER = new URL("worker.ts", import.meta.url).href;

/** Throws a UsageError where nothing is to be measured, or results cannot be written. */
export function openIsolation(request: BenchRequest, engines: readonly EngineDescription[], profile: Profile, threads: number): ExactWork {
  const cases = planIsolation(request, engines, ENGINES.bare, profile);
  const label = profileLabel(request.profile, profile);
  const folder = join(exactFolder(request.resultsFolder, label), "isolation");
  prepareExact(folder);
  const estimatesMs = isolationEstimatesMs(cases);
  let changed: readonly string[] = [];
  return {
    cases: cases.map((isolationCase, index) => ({
      key: keyOfCase(isolationCase), label: caseLabel(isolationCase), estimateMs: estimatesMs[index], needs: comparedWith(cases, index),
    })),
    async measure(chosen, interruption, measured) {
      const rows = new IsolationRows(label);
      await observeCases(chosen.map((index) => cases[index]), profile, threads, interruption, (index, observed) => {
        measured(chosen[index], rows.of(cases[chosen[index]], observed));
      });
    },
    write: (rows) => { changed = writeExact(folder, rows, () => true, false); },
    files: () => [`Every figure: ${folder}; ${changed.length === 0 ? "nothing has changed there" : `changed: ${changed.length} of its files`}`],
  };
}

/** Hands out what was observed in each case, by its index, in their order. */
export async function observeCases(
  cases: readonly IsolationCase[], costs: CostModel, threads: number, interruption: AbortSignal, done: (index: number, observed: Observed) => void,
): Promise<void> {
  const tasks = cases.map((isolationCase): IsolationTask => ({ isolationCase, costs }));
  const limitsMs = isolationEstimatesMs(cases).map(hangLimitMs);
  await answersInOrder<Observed>(tasks, { pool: { filename: WORKER }, most: threads, limitsMs, interruption }, failed, done);
}

const failed = (reason: string): Observed => ({ kind: "failed", reason });

/** The guest alone, which comes first, and of an attack the same guests beside a neighbour. */
function comparedWith(cases: readonly IsolationCase[], index: number): number[] {
  if (index === 0) return [];
  const { attack, setting, reach } = cases[index];
  if (reach === true) return [];
  return attack === undefined ? [0] : [0, cases.findIndex((other) => other.attack === undefined && other.setting === setting)];
}
