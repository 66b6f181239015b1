// The model clock's part of a run: its cases, and where their rows are kept.

import type { EngineDescription } from "../../engines/engine.ts";
import type { Workload } from "../../workloads/workload.ts";
import { caseLabel } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import type { Progress } from "../progress.ts";
import type { Environment } from "../results/environment.ts";
import { modelFile } from "../results/files.ts";
import { outcomeOf } from "../results/outcome.ts";
import type { ResultRow } from "../results/schema.ts";
import { ModelResults } from "./keep.ts";
import { isWholeSweep, type ModelCase, planSweep } from "./plan.ts";
import type { Profile } from "./profile.ts";
import { isOwn, profileLabel } from "./profile-label.ts";
import { measureModelCases, ModelRows } from "./run.ts";

export interface ModelClock {
  /** Measures everything; an interruption ends it with the cases that are done. */
  measure(progress: Progress, interruption: AbortSignal): Promise<ResultRow[]>;
  /** Where the rows have gone, for people. */
  files(): string[];
}

/** Throws a UsageError where results cannot be written. */
export function openModelClock(
  cases: readonly ModelCase[], request: BenchRequest, profile: Profile, engines: readonly EngineDescription[], workloads: readonly Workload[], environment: Environment,
): ModelClock {
  const label = profileLabel(request.profile, profile);
  // A capture's frames arrive instead of the sweep's, and a user's profile is no part of it.
  const sweep = isOwn(request.profile) && request.pcap === undefined ? planSweep(engines, workloads, profile) : [];
  const results = new ModelResults(request.resultsFolder, label, sweep, modelFile(request.resultsFolder, environment));
  const rows = new ModelRows(label);
  return {
    async measure(progress, interruption) {
      const all: ResultRow[] = [];
      await measureModelCases(cases, { costs: profile, threads: environment.cores, interruption }, (benchCase, answer) => {
        const more = rows.of(benchCase, answer);
        progress.begin(`${caseLabel(benchCase)}, model`);
        progress.end(outcomeOf(more[0]));
        all.push(...more);
        results.keep(more);
      });
      results.write(!interruption.aborted && isWholeSweep(request));
      return all;
    },
    files: () => results.describe(),
  };
}
