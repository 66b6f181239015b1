// What a request has measured, under each clock.

import type { EngineDescription } from "../engines/engine.ts";
import type { Workload } from "../workloads/workload.ts";
import type { BenchRequest, Only } from "./cli.ts";
import { openFaults } from "./faults/faults.ts";
import { openIsolation } from "./isolation/isolation.ts";
import { openModelClock } from "./model/clock.ts";
import { loadProfile, type Profile } from "./model/profile.ts";
import { planRun } from "./plan-run.ts";
import type { Plan } from "./plan.ts";
import type { Environment } from "./results/environment.ts";
import type { ExactWork } from "./resume/exact-work.ts";
import { capturedFrames } from "./traffic/capture-files.ts";

export interface RunWork {
  /** Undefined: not under this clock. */
  readonly wall: Plan | undefined;
  readonly exact: ExactWork | undefined;
  readonly profile: Profile | undefined;
  readonly warning: string | undefined;
}

const OPEN = { isolation: openIsolation, faults: openFaults } as const satisfies Record<Only, unknown>;

/** Throws a UsageError where it cannot be measured, or its rows cannot be kept. */
export function openWork(request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], environment: Environment): RunWork {
  const profile = request.clock === "wall" ? undefined : loadProfile(request.profile);
  if (request.only !== undefined && profile !== undefined) {
    return { wall: undefined, exact: OPEN[request.only](request, engines, profile, environment.cores), profile, warning: undefined };
  }
  const captured = request.pcap === undefined ? undefined : capturedFrames(request.pcap);
  const plan = planRun(request, engines, workloads, environment.cores, profile, captured?.frames);
  return { wall: plan.wall, exact: profile && openModelClock(plan.model, request, profile, engines, workloads, environment), profile, warning: captured?.warning };
}
