// Which cases a request means under the model clock, in which order, and for how many cycles each is measured.

import type { EngineDescription } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { Workload } from "../../workloads/workload.ts";
import { BASELINE, isBaselineOf } from "../baselines.ts";
import { type BenchCase, caseLabel, keyOfCase, vcpusOf } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import { makeCase, runsOn } from "../make-case.ts";
import { SEARCH_WORKLOAD } from "../plan.ts";
import type { CapturedFrame } from "../traffic/captured-frame.ts";
import { requireCores } from "./profile.ts";

/** In cycles of the machine's clock. */
export interface ModelTiming {
  /** Run before the window, for queues and caches to become what they stay. */
  readonly warmUp: number;
  /** From then on, until a guest whose unit it began with finishes another. */
  readonly window: number;
  /** How long guests may take for their set-up, and for one unit of work. */
  readonly limit: number;
}

export interface ModelCase {
  readonly benchCase: BenchCase;
  readonly timing: ModelTiming;
}

/** What of a request the plan depends on. */
export type ModelRequest = Pick<BenchRequest, "engines" | "workloads" | "harts" | "settings" | "quick" | "full">;

type Settings = Readonly<Record<string, string>>;

/** How a workload is measured in the sweep. */
interface Sweep {
  /** Of the sweep's numbers of harts, those that say something of the workload; all where absent. */
  readonly harts?: readonly number[];
  readonly window?: number;
  /** Settings beside the defaults, where an engine or the workload has them. */
  readonly variants?: readonly Settings[];
}

const HARTS = [1, 2, 4, 8, 16, 32] as const;
const MORE_HARTS = [64, 128] as const;
const QUICK_HARTS: readonly number[] = [1, 4, 16];

const MEGACYCLE = 1_000_000;
/** Two hundred scheduling periods of the guests: those that filter build their tables first, and may share a hart. */
const LIMIT = 2_000 * MEGACYCLE;
const WARM_UP = MEGACYCLE;
/** At a few thousand cycles for a unit, some hundred units a hart. */
const WINDOW = 2 * MEGACYCLE;
/** vCPUs that take turns on a hart have two periods of them. */
const WINDOW_OF_TURNS = 20 * MEGACYCLE;

/** Window and harts are a workload's own, whatever else a run asks for: a case has the same rows in every run. */
const SWEEPS: Readonly<Record<string, Sweep>> = {
  "compute-hash": { window: 10 * MEGACYCLE },
  "hypercall-base": {},
  // Each hands the hart to the other before its turn ends.
  "hypercall-yield": { window: WINDOW },
  timer: {},
  "channel-pingpong": {},
  "channel-stream": {},
  contend: {
    // Guests that think do it for varying times, so that none misses a lock that is not handed on in order again and again.
    variants: [
      { granularity: "big" }, { think: "4000" },
      ...["test-and-set", "ticket", "mcs"].map((lock) => ({ think: "4000", granularity: "big", lock })),
    ],
  },
  ipi: { harts: [1, 2], window: 40 * MEGACYCLE },
  "smp-guest": { harts: [1, 2, 4, 8] },
  legacy: { window: WINDOW_OF_TURNS },
  "paging-switch": { harts: [1] },
  "paging-fault": { harts: [1] },
  forward: { harts: [1, 2], window: 4 * MEGACYCLE },
  pipeline: { harts: [1, 2, 4], window: 40 * MEGACYCLE },
};
const QUICK_WORKLOADS: readonly string[] = ["compute-hash", "hypercall-base", "channel-pingpong", "contend"];

/**
 * With the baseline's cases that those asked for are measured against: a case has the same rows in every run. Throws a UsageError
 * when the request asks for more harts than the profile has cores. `captured`: the frames that arrive, instead of generated ones.
 */
export function planModelCases(
  request: ModelRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], profile: CostModel, captured?: readonly CapturedFrame[],
): ModelCase[] {
  const asked = casesAskedFor(request, engines, workloads, profile, captured);
  const keys = new Set(asked.map(({ benchCase }) => keyOfCase(benchCase)));
  const measured = workloads.filter(({ name }) => asked.some(({ benchCase }) => benchCase.workload === name));
  const ofBaseline = { ...request, engines: [BASELINE], workloads: measured.map(({ name }) => name), harts: undefined, quick: false, full: true };
  const needed = casesAskedFor(ofBaseline, engines, measured, profile, captured).filter(({ benchCase }) => (
    !keys.has(keyOfCase(benchCase)) && asked.some((other) => isBaselineOf(benchCase, other.benchCase))));
  return [...needed, ...asked];
}

function casesAskedFor(
  request: ModelRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], profile: CostModel, captured?: readonly CapturedFrame[],
): ModelCase[] {
  request.harts?.forEach((count) => requireCores(profile, count));
  const names = request.workloads ?? (request.quick ? QUICK_WORKLOADS : Object.keys(SWEEPS));
  const chosen = engines.filter((engine) => request.engines?.includes(engine.name) ?? true);
  const cases = workloads.filter((workload) => names.includes(workload.name)).flatMap((workload) => {
    const sweep = SWEEPS[workload.name] ?? {};
    return chosen.flatMap((engine) => (
      settingsOf(request, sweep).flatMap((settings) => hartsOf(request, sweep).filter((harts) => harts <= profile.cores && runsOn(engine, workload, harts, settings))
        .map((harts): ModelCase => {
          const benchCase = makeCase(workload, engine, harts, settings, ({ traffic }) => (
            traffic && { traffic, captured, log: false, latency: true, search: workload.name === SEARCH_WORKLOAD && harts === 1 && traffic.rate === "max" }));
          return { benchCase, timing: { warmUp: WARM_UP, window: sweep.window ?? (takesTurns(benchCase) ? WINDOW_OF_TURNS : WINDOW), limit: LIMIT } };
        }))));
  });
  return [...new Map(cases.map((modelCase) => [caseLabel(modelCase.benchCase), modelCase])).values()];
}

/** Whether vCPUs may have to share a hart: all those of one guest do, on engines that keep it on one. */
const takesTurns = (benchCase: BenchCase): boolean => vcpusOf(benchCase) > benchCase.harts || benchCase.configuration.vms.some(({ vcpus }) => vcpus > 1);

/** The cases whose rows are kept for good: everything that a run measures without being asked for something else. */
export function planSweep(engines: readonly EngineDescription[], workloads: readonly Workload[], profile: CostModel): BenchCase[] {
  return planModelCases(WHOLE_SWEEP, engines, workloads, profile).map(({ benchCase }) => benchCase);
}

/** How long each case takes a thread, roughly. */
export function modelEstimatesMs(cases: readonly ModelCase[]): number[] {
  return cases.map(({ benchCase: { harts, traffic }, timing }) => (
    CASE_OVERHEAD_MS + ((timing.warmUp + timing.window) * harts) / CYCLES_PER_MS + (traffic === undefined ? 0 : TRAFFIC_MS)));
}

/** Start-up of a case's machine, and the speed of the model: measured on a 2-core host, for estimates only. */
const CASE_OVERHEAD_MS = 100;
const CYCLES_PER_MS = 130_000;
/** Latency under a load, of any number of harts. */
const TRAFFIC_MS = 2_000;

const WHOLE_SWEEP: ModelRequest = { engines: undefined, workloads: undefined, harts: undefined, settings: {}, quick: false, full: true };

/** Whether a request measures every workload of the sweep on every engine. */
export const isWholeSweep = ({ engines, workloads, harts, settings, quick }: ModelRequest): boolean => (
  [engines, workloads, harts].every((list) => list === undefined) && Object.keys(settings).length === 0 && !quick);

/** What the sweep varies, unless the request sets something. */
const settingsOf = ({ settings, quick }: ModelRequest, { variants = [] }: Sweep): readonly Settings[] => (
  Object.keys(settings).length > 0 || quick ? [settings] : [{}, ...variants]);

function hartsOf({ harts, quick, full }: ModelRequest, sweep: Sweep): readonly number[] {
  if (harts !== undefined) return [...harts].sort((a, b) => a - b);
  const all: readonly number[] = [...HARTS, ...(full ? MORE_HARTS : [])];
  return all.filter((count) => (sweep.harts?.includes(count) ?? true) && (!quick || QUICK_HARTS.includes(count)));
}
