// The model clock's part of a run: its cases, and where their rows are kept.

import type { EngineDescription } from "../../engines/engine.ts";
import type { Workload } from "../../workloads/workload.ts";
import { baselineOf } from "../baselines.ts";
import { caseLabel, keyOfCase } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import type { Environment } from "../results/environment.ts";
import { modelFile } from "../results/files.ts";
import type { ExactWork } from "../resume/exact-work.ts";
import { ModelResults } from "./keep.ts";
import { isWholeSweep, type ModelCase, modelEstimatesMs, planSweep } from "./plan.ts";
import type { Profile } from "./profile.ts";
import { isOwn, profileLabel } from "./profile-label.ts";
import { measureModelCases, ModelRows } from "./run.ts";

/** Throws a UsageError where results cannot be written. */
export function openModelClock(
  cases: readonly ModelCase[], request: BenchRequest, profile: Profile, engines: readonly EngineDescription[], workloads: readonly Workload[], environment: Environment,
): ExactWork {
  const label = profileLabel(request.profile, profile);
  // A capture's frames arrive instead of the sweep's, and a user's profile is no part of it.
  const sweep = isOwn(request.profile) && request.pcap === undefined ? planSweep(engines, workloads, profile) : [];
  const results = new ModelResults(request.resultsFolder, label, sweep, modelFile(request.resultsFolder, environment));
  const benchCases = cases.map(({ benchCase }) => benchCase);
  const estimatesMs = modelEstimatesMs(cases);
  return {
    cases: benchCases.map((benchCase, index) => ({
      key: keyOfCase(benchCase), label: `${caseLabel(benchCase)}, model`, estimateMs: estimatesMs[index], needs: baselineOf(benchCases, index),
    })),
    async measure(chosen, interruption, measured) {
      const rows = new ModelRows(label);
      await measureModelCases(chosen.map((index) => cases[index]), { costs: profile, threads: environment.cores, interruption }, (benchCase, answer, at) => {
        measured(chosen[at], rows.of(benchCase, answer));
      });
    },
    write: (rows, complete) => results.write(rows, complete && isWholeSweep(request)),
    files: () => results.describe(),
  };
}
