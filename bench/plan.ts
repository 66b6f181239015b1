// Which cases a request means under the wall clock, in which order, and how long each is measured.

import type { EngineDescription, Options } from "../engines/engine.ts";
import type { Layout, Workload } from "../workloads/workload.ts";
import type { BenchCase } from "./case.ts";
import type { BenchRequest } from "./cli.ts";
import { UsageError } from "./exit-code.ts";
import { LOCK_TIMING, makeCase, runsOn } from "./make-case.ts";
import type { Timing } from "./measure.ts";
import type { CapturedFrame } from "./traffic/captured-frame.ts";
import type { CaseTraffic } from "./traffic/case-traffic.ts";

export interface Plan {
  readonly cases: readonly BenchCase[];
  readonly timing: Timing;
}

/** What a full and a quick run measure unless told otherwise. */
const FULL = {
  workloads: [
    "compute-hash", "hypercall-base", "hypercall-yield",
    "timer", "channel-pingpong", "channel-stream", "contend", "legacy", "ipi", "smp-guest", "paging-switch", "paging-fault",
    "forward", "pipeline",
  ],
  timing: { windowMs: 80, samples: 7, warmUpMs: 500 },
} as const;
const QUICK = {
  workloads: ["compute-hash", "channel-pingpong", "contend", "forward"],
  timing: { windowMs: 30, samples: 5, warmUpMs: 250 },
} as const;
const DEFAULT_HARTS = [1, 2];
/** Workloads that show the price of something a guest does on its own hart: measured on one, unless told otherwise. */
const ON_ONE_HART: readonly string[] = ["hypercall-base", "hypercall-yield", "timer", "paging-switch", "paging-fault", "forward"];
/** Workloads that need harts to be spread over: measured on the most that there are, unless told otherwise. */
const ON_MOST_HARTS: readonly string[] = ["pipeline"];
/** The workload whose highest rate without loss is searched on one hart without being asked. */
export const SEARCH_WORKLOAD = "forward";
/** The workload whose locks are timed without being asked. */
const LOCK_WORKLOAD = "contend";

const WATCHDOG_MS = 5_000;
/** Start-up of a case's threads and machine, and its end: measured on a 2-core host, for estimates only. */
const CASE_OVERHEAD_MS = 450;
const WINDOW_OVERHEAD_MS = 4;
/** A case with traffic: frames are generated, then latency is measured under a load, then the highest rate without loss is searched. */
const TRAFFIC_MS = 200;
const LATENCY_MS = 350;
const SEARCH_MS = 1_800;

/** Throws a UsageError when the request asks for more harts than this host has cores. `captured`: the frames that arrive, instead of generated ones. */
export function planCases(
  request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], cores: number, captured?: readonly CapturedFrame[],
): Plan {
  const preset = request.quick ? QUICK : FULL;
  const names: readonly string[] = request.workloads ?? preset.workloads;
  const harts = chooseHarts(request, cores);
  const cases = workloads.filter((workload) => names.includes(workload.name)).flatMap((workload) => (
    engines.filter((engine) => request.engines?.includes(engine.name) ?? true).flatMap((engine) => {
      const usable = harts.filter((count) => runsOn(engine, workload, count, request.settings));
      return chooseOf(usable, request, workload).flatMap((count) => passes(request, workload, engine, count, captured));
    })
  ));
  return {
    cases: request.pcapOut === undefined ? cases : withLog(cases),
    timing: {
      windowMs: request.windowMs ?? preset.timing.windowMs,
      samples: request.samples ?? preset.timing.samples,
      warmUpMs: preset.timing.warmUpMs,
      watchdogMs: WATCHDOG_MS,
    },
  };
}

/** How long each case takes, roughly. */
export function estimatesMs({ cases, timing }: Plan): number[] {
  const windows = CASE_OVERHEAD_MS + timing.warmUpMs + timing.samples * (timing.windowMs + WINDOW_OVERHEAD_MS);
  return cases.map(({ traffic }) => (
    traffic === undefined ? windows : windows + TRAFFIC_MS + (traffic.latency ? LATENCY_MS : 0) + (traffic.search ? SEARCH_MS : 0)));
}

/** The first case with traffic keeps the first frames that depart. */
function withLog(cases: readonly BenchCase[]): BenchCase[] {
  const logged = cases.findIndex(({ traffic }) => traffic !== undefined);
  return cases.map((benchCase, index) => (index === logged && benchCase.traffic !== undefined ? { ...benchCase, traffic: { ...benchCase.traffic, log: true } } : benchCase));
}

function chooseHarts(request: BenchRequest, cores: number): number[] {
  if (request.harts === undefined) return DEFAULT_HARTS.filter((count) => count <= cores || count === 1);
  const tooMany = request.harts.find((count) => count > cores);
  if (tooMany !== undefined && !request.allowOversubscription) {
    throw new UsageError(`--harts ${tooMany}: this host has ${cores} ${cores === 1 ? "core" : "cores"}; --clock model measures it on any host, --allow-oversubscription measures it here anyway and marks the rows`);
  }
  return [...request.harts].sort((a, b) => a - b);
}

/** Of the numbers of harts that an engine can have, in ascending order. */
function chooseOf(usable: readonly number[], { harts, quick }: BenchRequest, { name }: Workload): readonly number[] {
  if (harts !== undefined) return usable;
  if (ON_ONE_HART.includes(name)) return usable.slice(0, 1);
  return quick || ON_MOST_HARTS.includes(name) ? usable.slice(-1) : usable;
}

/** The case, and a second pass that times its locks where that is wanted. */
function passes(request: BenchRequest, workload: Workload, engine: EngineDescription, harts: number, captured: readonly CapturedFrame[] | undefined): BenchCase[] {
  const make = (settings: Options) => makeCase(workload, engine, harts, settings, (layout) => caseTraffic(request, workload, layout, harts, captured));
  const timed = LOCK_TIMING in engine.options && request.settings[LOCK_TIMING] === undefined
    && (request.lockTiming || (workload.name === LOCK_WORKLOAD && harts > 1));
  return [make(request.settings), ...(timed ? [make({ ...request.settings, [LOCK_TIMING]: "on" })] : [])];
}

function caseTraffic(
  request: BenchRequest, { name }: Workload, { traffic }: Layout, harts: number, captured: readonly CapturedFrame[] | undefined,
): CaseTraffic | undefined {
  if (traffic === undefined) return undefined;
  const asked = request.workloads?.includes(name) ?? (name === SEARCH_WORKLOAD && harts === 1);
  return { traffic, captured, log: false, latency: !request.quick, search: asked && !request.quick && traffic.rate === "max" };
}
