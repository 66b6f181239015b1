// One run: every case of a plan, its rows appended to the results as they are measured.

import type { LoggedFrame } from "../engines/machine/network/steering.ts";
import { type Baseline, Baselines } from "./baselines.ts";
import { type BenchCase, caseLabel, keyOfCase } from "./case.ts";
import { CaseFailure } from "./failure.ts";
import type { CaseFigures } from "./machine-reading.ts";
import { measureCase, type Timing } from "./measure.ts";
import type { Progress } from "./progress.ts";
import { outcomeOf } from "./results/outcome.ts";
import { caseRow, cpuToWallSummary, type RowContext, summaryRows, windowRows } from "./results/rows.ts";
import type { ResultRow } from "./results/schema.ts";
import { MachineSession } from "./session.ts";
import type { HostCounters } from "./noise/host-state.ts";
import { contamination } from "./noise/noise.ts";

export interface RunContext {
  readonly timing: Timing;
  readonly cores: number;
  /** Looks at what this host is doing. */
  readonly look: () => HostCounters;
  readonly revision: string;
  readonly progress: Progress;
  /** Keeps rows, at once. */
  readonly keep: (rows: readonly ResultRow[]) => void;
  /** Rows of cases that were measured before, by case. */
  readonly before: ReadonlyMap<string, readonly ResultRow[]>;
  /** Takes the frames that departed first, of a case that logs them. */
  readonly departed: (frames: readonly LoggedFrame[]) => void;
  /** Whether to stop before the next case or window. */
  readonly interrupted: () => boolean;
}

/** Measures the cases in order, but for those that were measured before. A case that fails is a row, and the run goes on. */
export async function runCases(cases: readonly BenchCase[], context: RunContext): Promise<void> {
  const baselines = new Baselines();
  for (const benchCase of cases) {
    if (context.interrupted()) return;
    const before = context.before.get(keyOfCase(benchCase));
    if (before !== undefined) {
      baselines.note(benchCase, before.filter(({ sample }) => sample === null));
      continue;
    }
    context.progress.begin(caseLabel(benchCase));
    const summary = await runCase(benchCase, context, baselines.for(benchCase));
    baselines.note(benchCase, summary);
    context.keep(summary);
    context.progress.end(outcomeOf(summary[0]));
  }
}

/** The summary rows of one case; raw samples are kept as they come. Nothing when it was interrupted. */
async function runCase(benchCase: BenchCase, context: RunContext, baseline: Baseline | undefined): Promise<ResultRow[]> {
  const row: RowContext = { benchCase, clock: "wall", profile: "", revision: context.revision, status: "ok", reason: "" };
  let session: MachineSession | undefined;
  try {
    session = await MachineSession.start(benchCase);
    const looks: HostCounters[] = [];
    const figures = await measureCase(session, benchCase, context.timing, (windows) => {
      if (context.interrupted()) throw new Interruption();
      if (windows.length === 1 || windows.length === context.timing.samples) looks.push(context.look());
      context.keep(windowRows(row, { windows }, windows.length - 1));
    });
    const probeCost = benchCase.lockTiming ? session.probeCost() : undefined;
    return summaryRows(judge(row, figures, context.cores, looks), figures, baseline, probeCost);
  } catch (error) {
    if (error instanceof Interruption) return [];
    if (error instanceof CaseFailure) return [caseRow({ ...row, status: "failed", reason: error.message })];
    throw error;
  } finally {
    if (session !== undefined && benchCase.traffic?.log === true) context.departed(session.departures());
    await session?.stop();
  }
}

/** Marks a case whose harts did not get the CPU they wanted. */
function judge(row: RowContext, figures: CaseFigures, cores: number, [before, after]: readonly HostCounters[]): RowContext {
  const during = after === undefined ? undefined : [before, after] as const;
  const reason = contamination({ harts: row.benchCase.harts, cores, cpuToWall: cpuToWallSummary(figures)?.median ?? 1, during });
  return reason === undefined ? row : { ...row, status: "contaminated", reason };
}

class Interruption extends Error {}
