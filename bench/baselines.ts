// What the other engines' throughput is measured against: the same guest alone on the bare machine.

import type { EngineName } from "../engines/engine.ts";
import type { BenchCase } from "./case.ts";
import type { ResultRow } from "./results/schema.ts";

export const BASELINE: EngineName = "bare";

/** What the bare machine did with a guest. */
export interface Baseline {
  /** The median. */
  readonly throughput: number;
  readonly contaminated: boolean;
}

/** The baseline's cases so far, by workload and the vCPUs of a guest. */
export class Baselines {
  readonly #measured = new Map<string, Baseline>();

  /** Undefined for the baseline itself, and where it was not measured. */
  for(benchCase: BenchCase): Baseline | undefined {
    return benchCase.engine === BASELINE ? undefined : this.#measured.get(keyOf(benchCase));
  }

  /** Takes note of a case's summaries, if it is one of the baseline. */
  note(benchCase: BenchCase, rows: readonly ResultRow[]): void {
    const row = rows.find(({ metric, subject }) => metric === "throughput" && subject === "");
    if (benchCase.engine !== BASELINE || row?.value == null) return;
    this.#measured.set(keyOf(benchCase), { throughput: row.value, contaminated: row.status === "contaminated" });
  }
}

/** Whether the overhead of `benchCase` is measured against `other`. */
export function isBaselineOf(other: BenchCase, benchCase: BenchCase): boolean {
  return other.engine === BASELINE && benchCase.engine !== BASELINE && keyOf(other) === keyOf(benchCase);
}

/** The last of the cases before the one at `index` that its overhead is measured against. */
export function baselineOf(cases: readonly BenchCase[], index: number): number[] {
  const before = cases.slice(0, index).findLastIndex((other) => isBaselineOf(other, cases[index]));
  return before < 0 ? [] : [before];
}

const keyOf = ({ workload, configuration }: BenchCase): string => `${workload} ${configuration.vms[0]?.vcpus ?? 1}`;
