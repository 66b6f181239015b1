// The wall clock's part of a run: its cases, the TCB of the engines measured, and the files of both.

import type { EngineDescription, EngineName } from "../engines/engine.ts";
import { keyOfCase } from "./case.ts";
import type { BenchRequest } from "./cli.ts";
import { readHostCounters } from "./noise/host-state.ts";
import { hostWarnings } from "./noise/noise.ts";
import { estimatesMs, type Plan } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { appendRows, recoverRows, formatFile, writeWhole } from "./results/csv.ts";
import type { Environment } from "./results/environment.ts";
import { createRunFiles } from "./results/files.ts";
import { caseKey, type ResultRow } from "./results/schema.ts";
import { tcbRows } from "./results/tcb-rows.ts";
import type { Journal } from "./resume/journal.ts";
import { runCases } from "./run.ts";
import { measureTcb } from "./tcb/tcb.ts";
import { writeDepartures } from "./traffic/capture-files.ts";

/** What the multicore engines grew out of. */
const TCB_BASELINE: EngineName = "uniprocessor";

export interface WallClock {
  /** Where its rows go. */
  readonly file: string;
  /** How long each case takes that is still to be measured, roughly. */
  readonly remainingMs: readonly number[];
  /** Measures everything; the first interruption ends it after the window under way. */
  measure(progress: Progress, interruption: AbortSignal): Promise<ResultRow[]>;
}

/** Goes on with the file that the journal's run has, if any. Throws a UsageError where results cannot be written. */
export function openWallClock(
  plan: Plan, { pcapOut, resultsFolder }: BenchRequest, engines: readonly EngineDescription[], environment: Environment, journal: Journal,
): WallClock {
  const { cores, revision, started } = environment;
  const begun = journal.record.wall;
  const csv = begun === "" ? createRunFiles(resultsFolder, environment).csv : begun;
  journal.useWallFile(csv);
  const rows = begun === "" ? [] : measuredBefore(plan, begun);
  const before = Map.groupBy(rows, caseKey);
  if (pcapOut !== undefined && rows.length === 0) writeDepartures(pcapOut, [], started);
  return {
    file: csv,
    remainingMs: estimatesMs(plan).filter((_, index) => !before.has(keyOfCase(plan.cases[index]))),
    async measure(progress, interruption) {
      const keep = (more: readonly ResultRow[]): void => {
        rows.push(...more);
        appendRows(csv, more);
      };
      hostWarnings(environment.state, cores, Math.max(...plan.cases.map(({ harts }) => harts))).forEach((warning) => progress.say(warning));
      await runCases(plan.cases, {
        timing: plan.timing, cores, look: readHostCounters, revision, progress, keep, before,
        departed: (frames) => pcapOut !== undefined && writeDepartures(pcapOut, frames, started), interrupted: () => interruption.aborted,
      });
      if (!interruption.aborted) keep(await countTcb(plan, engines, revision));
      return rows;
    },
  };
}

/** The rows of the plan's cases that are in a file already, which then has these alone. */
function measuredBefore({ cases }: Plan, csv: string): ResultRow[] {
  const keys = new Set(cases.map(keyOfCase));
  const rows = recoverRows(csv, false).filter((row) => keys.has(caseKey(row)));
  writeWhole(csv, formatFile(rows));
  return rows;
}

/** The TCB of every engine measured. */
async function countTcb({ cases }: Plan, engines: readonly EngineDescription[], revision: string): Promise<ResultRow[]> {
  const baseline = engines.find(({ name }) => name === TCB_BASELINE);
  if (baseline === undefined) throw new RangeError(`no engine is called ${TCB_BASELINE}`);
  const measured = engines.filter(({ name }) => cases.some(({ engine }) => engine === name));
  const reports = await measureTcb(measured, baseline);
  return measured.flatMap(({ name }, index) => tcbRows(name, reports[index], revision));
}
