// Which cases a request means, in which order, and how long each is measured.

import type { EngineDescription, Options } from "../engines/engine.ts";
import type { Workload } from "../workloads/catalogue.ts";
import type { BenchCase } from "./case.ts";
import type { BenchRequest } from "./cli.ts";
import { UsageError } from "./exit-code.ts";
import type { Timing } from "./measure.ts";

export interface Plan {
  readonly cases: readonly BenchCase[];
  readonly timing: Timing;
}

/** What a full and a quick run measure unless told otherwise. */
const FULL = {
  workloads: [
    "compute-hash", "compute-sort", "compute-matrix", "compute-chase", "hypercall-base", "hypercall-yield",
    "timer", "channel-pingpong", "channel-stream", "contend", "legacy",
  ],
  timing: { windowMs: 80, samples: 10, warmUpMs: 250 },
} as const;
const QUICK = {
  workloads: ["compute-hash", "hypercall-base", "channel-pingpong", "contend", "legacy"],
  timing: { windowMs: 40, samples: 6, warmUpMs: 100 },
} as const;
const DEFAULT_HARTS = [1, 2];
/** The workload whose locks are timed without being asked. */
const LOCK_WORKLOAD = "contend";
const LOCK_TIMING = { name: "lock-timing", value: "on" } as const;

/** Start-up of a case's threads and machine, and its end: measured on a 2-core host, for estimates only. */
const CASE_OVERHEAD_MS = 450;
const WINDOW_OVERHEAD_MS = 4;

/** Throws a UsageError when the request asks for what no host or engine can do. */
export function planCases(
  request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], cores: number,
): Plan {
  const preset = request.quick ? QUICK : FULL;
  const names = request.workloads ?? preset.workloads;
  const harts = chooseHarts(request, cores);
  const cases = workloads.filter((workload) => names.includes(workload.name)).flatMap((workload) => (
    engines.filter((engine) => request.engines?.includes(engine.name) ?? true).flatMap((engine) => {
      const usable = harts.filter((count) => count <= engine.maximumHarts && workload.engines.includes(engine.name));
      return (request.quick && request.harts === undefined ? usable.slice(-1) : usable)
        .flatMap((count) => passes(request, workload, engine, count));
    })
  ));
  if (cases.length === 0) throw new UsageError("no selected workload runs on a selected engine with so many harts");
  return {
    cases,
    timing: {
      windowMs: request.windowMs ?? preset.timing.windowMs,
      samples: request.samples ?? preset.timing.samples,
      warmUpMs: preset.timing.warmUpMs,
    },
  };
}

/** How long a plan takes, roughly. */
export function estimateMs({ cases, timing }: Plan): number {
  return cases.length * (CASE_OVERHEAD_MS + timing.warmUpMs + timing.samples * (timing.windowMs + WINDOW_OVERHEAD_MS));
}

function chooseHarts(request: BenchRequest, cores: number): number[] {
  if (request.harts === undefined) return DEFAULT_HARTS.filter((count) => count <= cores || count === 1);
  const tooMany = request.harts.find((count) => count > cores);
  if (tooMany !== undefined && !request.allowOversubscription) {
    throw new UsageError(`--harts ${tooMany}: this host has ${cores} ${cores === 1 ? "core" : "cores"}; --allow-oversubscription measures it anyway and marks the rows`);
  }
  return [...request.harts].sort((a, b) => a - b);
}

/** The case, and a second pass that times its locks where that is wanted. */
function passes(request: BenchRequest, workload: Workload, engine: EngineDescription, harts: number): BenchCase[] {
  const options = Object.fromEntries(Object.entries(request.options).filter(([name, value]) => {
    const option = engine.options[name];
    return option !== undefined && option.values.includes(value) && value !== option.default;
  }));
  const timed = LOCK_TIMING.name in engine.options && (request.lockTiming || (workload.name === LOCK_WORKLOAD && harts > 1));
  const make = (more: Options, lockTiming: boolean): BenchCase => ({
    workload: workload.name,
    engine: engine.name,
    options: { ...options, ...more },
    harts,
    configuration: workload.configure(harts),
    digests: workload.configure(harts).vms.map(() => workload.digest),
    image: workload.image,
    lockTiming,
  });
  return [make({}, false), ...(timed ? [make({ [LOCK_TIMING.name]: LOCK_TIMING.value }, true)] : [])];
}
