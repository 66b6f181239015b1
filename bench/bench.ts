// The command: plan, measure, report.

import type { EngineDescription, EngineName } from "../engines/engine.ts";
import type { Workload } from "../workloads/workload.ts";
import { helpText, parseCommandLine } from "./cli.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { hostGuest } from "./guest/guest.ts";
import { asksForGuest, parseGuestCommand } from "./guest/request.ts";
import { estimateMs, type Plan, planCases } from "./plan.ts";
import { reportProgress } from "./progress.ts";
import { formatReport } from "./report/report.ts";
import { appendRows } from "./results/csv.ts";
import { readEnvironment } from "./results/environment.ts";
import { createRunFiles } from "./results/files.ts";
import type { ResultRow } from "./results/schema.ts";
import { tcbRows } from "./results/tcb-rows.ts";
import { runCases } from "./run.ts";
import { measureTcb } from "./tcb/tcb.ts";
import { capturedFrames, writeDepartures } from "./traffic/capture-files.ts";
import { vocabularyOf } from "./vocabulary.ts";
import { contaminationWarning, hostWarnings } from "./warnings.ts";

/** What the multicore engines grew out of. */
const TCB_BASELINE: EngineName = "uniprocessor";

/** Answers the exit code. Throws a UsageError before anything is measured. */
export async function bench(words: readonly string[], engines: readonly EngineDescription[], workloads: readonly Workload[]): Promise<number> {
  const vocabulary = vocabularyOf(engines, workloads);
  const request = asksForGuest(words) ? parseGuestCommand(words, engines) : parseCommandLine(words, vocabulary);
  if (request === "help") {
    process.stdout.write(`${helpText(vocabulary)}\n`);
    return EXIT_CODE.fine.code;
  }
  if ("guest" in request) return hostGuest(request);
  const environment = readEnvironment(new Date(), words);
  const captured = request.pcap === undefined ? undefined : capturedFrames(request.pcap);
  const plan = planCases(request, engines, workloads, environment.cores, captured?.frames);
  const { pcapOut } = request;
  if (pcapOut !== undefined) writeDepartures(pcapOut, [], environment.started);
  const files = createRunFiles(request.resultsFolder, environment);
  const rows: ResultRow[] = [];
  const keep = (more: readonly ResultRow[]) => {
    rows.push(...more);
    appendRows(files.csv, more);
  };
  const progress = reportProgress(process.stderr, plan.cases.length);
  progress.say(`${plan.cases.length} cases, about ${Math.ceil(estimateMs(plan) / 1000)} s; results in ${files.csv}`);
  hostWarnings(environment, Math.max(...plan.cases.map((benchCase) => benchCase.harts))).forEach((warning) => progress.say(warning));
  if (captured?.warning !== undefined) progress.say(captured.warning);
  const interruption = watchInterruption();
  await runCases(plan.cases, {
    timing: plan.timing, cores: environment.cores, revision: environment.revision, progress, keep,
    departed: (frames) => pcapOut !== undefined && writeDepartures(pcapOut, frames, environment.started), interrupted: () => interruption.aborted,
  });
  if (!interruption.aborted) keep(await countTcb(plan, engines, environment.revision));
  process.stdout.write(`\n${formatReport(rows)}\n\nEvery figure and raw sample: ${files.csv} (columns: results/SCHEMA.md)\n`);
  const contaminated = rows.filter((row) => row.status === "contaminated" && row.metric === "throughput" && row.subject === "").length;
  if (contaminated > 0) process.stderr.write(`${contaminationWarning(contaminated)}\n`);
  return exitCode(rows, interruption.aborted);
}

function exitCode(rows: readonly ResultRow[], interrupted: boolean): number {
  if (interrupted) return EXIT_CODE.interrupted.code;
  if (rows.some((row) => row.status === "failed")) return EXIT_CODE.failedCase.code;
  if (rows.some((row) => row.status === "contaminated")) return EXIT_CODE.contaminated.code;
  return EXIT_CODE.fine.code;
}

/** The first interrupt ends the run after the window under way; a second one ends the process. */
function watchInterruption(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write("\ninterrupted: what was measured is kept; once more ends at once\n");
    controller.abort();
  });
  return controller.signal;
}

/** The TCB of every engine measured. */
async function countTcb(plan: Plan, engines: readonly EngineDescription[], revision: string): Promise<ResultRow[]> {
  const baseline = engines.find(({ name }) => name === TCB_BASELINE);
  if (baseline === undefined) throw new RangeError(`no engine is called ${TCB_BASELINE}`);
  const measured = engines.filter(({ name }) => plan.cases.some((benchCase) => benchCase.engine === name));
  const reports = measured.map(async (engine) => tcbRows(engine.name, await measureTcb(engine, baseline), revision));
  return (await Promise.all(reports)).flat();
}
