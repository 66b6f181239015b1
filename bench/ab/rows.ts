// The samples of a round as result rows, told apart by their revision.

import type { BenchCase } from "../case.ts";
import { row, type RowContext } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import { SAMPLES_OF_SIDE } from "./judge.ts";
import type { Round, Sample } from "./rounds.ts";

/** `sample` counts each side's samples in their order. */
export function roundRows(benchCase: BenchCase, { a, b }: Round, round: number, revisionA: string, revisionB: string): ResultRow[] {
  const side = (samples: readonly Sample[], revision: string): ResultRow[] => samples.flatMap(({ wallThroughput, cpuToWall }, index) => {
    const context: RowContext = { benchCase, clock: "wall", profile: "", revision, status: "ok", reason: "" };
    const sample = round * SAMPLES_OF_SIDE + index;
    return [{ ...row(context, "throughput", 1000 * wallThroughput), sample }, { ...row(context, "cpu-to-wall", cpuToWall), sample }];
  });
  return [...side(a, revisionA), ...side(b, revisionB)];
}
