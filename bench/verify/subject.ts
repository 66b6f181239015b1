// What --verify runs twice: the sweep, attacks, or faults. Their cases, and the rows that answers make.

import type { EngineDescription } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import type { Workload } from "../../workloads/workload.ts";
import type { BenchCase } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import { FAULT_MS, type FaultCase } from "../faults/cases.ts";
import { planFaults } from "../faults/faults.ts";
import { type Campaign, faultRows } from "../faults/rows.ts";
import type { IsolationCase } from "../isolation/cases.ts";
import type { Observed } from "../isolation/observe.ts";
import { isolationEstimatesMs, planIsolation } from "../isolation/plan.ts";
import { IsolationRows } from "../isolation/rows.ts";
import { type ModelCase, modelEstimatesMs } from "../model/plan.ts";
import type { Profile } from "../model/profile.ts";
import { ModelRows } from "../model/run.ts";
import type { ModelAnswer } from "../model/task.ts";
import { planRun } from "../plan-run.ts";
import type { ResultRow } from "../results/schema.ts";
import { capturedFrames } from "../traffic/capture-files.ts";
import type { CaseAnswer, VerifyCases } from "./task.ts";

export interface Subject {
  readonly cases: readonly BenchCase[];
  /** How long each takes a thread, roughly. */
  readonly estimatesMs: readonly number[];
  /** The cases as a process is sent them. */
  readonly forward: VerifyCases;
  readonly backward: VerifyCases;
  /** Of each case, from the answers in the order of the plan, which are of the cases' kind. */
  rows(answers: readonly CaseAnswer[]): ResultRow[][];
}

/** Throws a UsageError where nothing is to be measured. */
export function subjectOf(request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], cores: number, profile: Profile): Subject {
  switch (request.only) {
    case "isolation": return isolationSubject(planIsolation(request, engines, ENGINES.bare, profile));
    case "faults": return faultSubject(planFaults(request, engines, profile));
    case undefined: {
      const captured = request.pcap === undefined ? undefined : capturedFrames(request.pcap);
      return sweepSubject(planRun(request, engines, workloads, cores, profile, captured?.frames).model);
    }
  }
}

function sweepSubject(cases: readonly ModelCase[]): Subject {
  return {
    cases: cases.map(({ benchCase }) => benchCase), estimatesMs: modelEstimatesMs(cases),
    forward: { kind: "sweep", cases }, backward: { kind: "sweep", cases: cases.toReversed() },
    rows: (answers) => {
      const rows = new ModelRows("");
      return cases.map(({ benchCase }, index) => rows.of(benchCase, answers[index] as ModelAnswer));
    },
  };
}

export function isolationSubject(cases: readonly IsolationCase[]): Subject {
  return {
    cases, estimatesMs: isolationEstimatesMs(cases),
    forward: { kind: "isolation", cases }, backward: { kind: "isolation", cases: cases.toReversed() },
    rows: (answers) => {
      const rows = new IsolationRows("");
      return cases.map((one, index) => rows.of(one, answers[index] as Observed));
    },
  };
}

function faultSubject(cases: readonly FaultCase[]): Subject {
  return {
    cases, estimatesMs: cases.map(({ faults }) => faults * FAULT_MS),
    forward: { kind: "faults", cases }, backward: { kind: "faults", cases: cases.toReversed() },
    rows: (answers) => cases.map((one, index) => faultRows(one, answers[index] as Campaign, "")),
  };
}
