// What a request means, under each clock that it asks for.

import type { EngineDescription } from "../engines/engine.ts";
import type { CostModel } from "../engines/machine/model/cost-model.ts";
import type { Workload } from "../workloads/workload.ts";
import type { BenchRequest } from "./cli.ts";
import { UsageError } from "./exit-code.ts";
import { type ModelCase, planModelCases } from "./model/plan.ts";
import { type Plan, planCases } from "./plan.ts";
import type { CapturedFrame } from "./traffic/captured-frame.ts";
import { checkCaptured } from "./traffic/case-traffic.ts";

/** A clock that is not asked for has no cases. */
export interface RunPlan {
  readonly wall: Plan | undefined;
  readonly model: readonly ModelCase[];
}

/** Throws a UsageError when the request asks for what no host, profile or engine can do. `profile`: of the model clock, if that is asked for. */
export function planRun(
  request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], cores: number,
  profile: CostModel | undefined, captured?: readonly CapturedFrame[],
): RunPlan {
  const plan: RunPlan = {
    wall: request.clock === "model" ? undefined : planCases(request, engines, workloads, cores, captured),
    model: profile === undefined ? [] : planModelCases(request, engines, workloads, profile, captured),
  };
  const cases = [...(plan.wall?.cases ?? []), ...plan.model.map(({ benchCase }) => benchCase)];
  if (cases.length === 0) throw new UsageError("no selected workload runs on a selected engine with so many harts");
  const traffic = cases.flatMap((benchCase) => benchCase.traffic ?? []);
  if (traffic.length === 0 && (request.pcap ?? request.pcapOut) !== undefined) throw new UsageError("no selected workload has traffic that a capture could replace or record");
  traffic.forEach(checkCaptured);
  return plan;
}
