// Which cases are compared: few, of every kind of work that an engine does, since each costs twenty machines and more.

import type { EngineDescription, EngineName } from "../../engines/engine.ts";
import type { Workload } from "../../workloads/workload.ts";
import { type BenchCase, caseLabel } from "../case.ts";
import { UsageError } from "../exit-code.ts";
import { makeCase, runsOn } from "../make-case.ts";
import type { AbRequest } from "./request.ts";

const DEFAULT: readonly (readonly [workload: string, engine: EngineName, harts: number])[] = [
  ["compute-hash", "uniprocessor", 1],
  ["hypercall-base", "uniprocessor", 1],
  ["hypercall-base", "microscheduler", 1],
  ["hypercall-yield", "smp", 1],
  ["channel-pingpong", "per-core", 2],
  ["contend", "smp", 2],
];

/** Throws a UsageError where there are none. */
export function planAb({ engines, workloads, harts, settings }: AbRequest, known: readonly EngineDescription[], catalogue: readonly Workload[], cores: number): BenchCase[] {
  const narrowed = [engines, workloads, harts].some((list) => list !== undefined);
  const names = workloads ?? DEFAULT.map(([workload]) => workload);
  const cases = catalogue.filter(({ name }) => names.includes(name)).flatMap((workload) => {
    const usual = DEFAULT.filter(([name]) => name === workload.name);
    const counts = harts ?? [...new Set(usual.length === 0 ? [1] : usual.map(([, , count]) => count))];
    return known.filter(({ name }) => (narrowed ? engines?.includes(name) ?? true : usual.some(([, engine]) => engine === name)))
      .flatMap((engine) => counts.filter((count) => count <= cores && runsOn(engine, workload, count, settings))
        .map((count) => makeCase(workload, engine, count, settings, () => undefined)));
  });
  if (cases.length === 0) throw new UsageError("no selected workload runs on a selected engine with so many harts");
  return [...new Map(cases.map((benchCase) => [caseLabel(benchCase), benchCase])).values()];
}
