// The command: plan, measure under each clock, report.

import { availableParallelism } from "node:os";
import type { EngineDescription } from "../engines/engine.ts";
import type { Workload } from "../workloads/workload.ts";
import { compareWithRevision } from "./ab/ab.ts";
import { asksForAb, parseAbCommand } from "./ab/request.ts";
import { type BenchRequest, helpText, parseCommandLine, type Vocabulary } from "./cli.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { hostGuest } from "./guest/guest.ts";
import { asksForGuest, parseGuestCommand } from "./guest/request.ts";
import { watchInterruption } from "./interruption.ts";
import { formatListing, listing } from "./list.ts";
import { loadProfile } from "./model/profile.ts";
import { contaminationWarning } from "./noise/noise.ts";
import { openWork } from "./open-work.ts";
import { type Progress, reportProgress } from "./progress.ts";
import { paint, paintWarning } from "./report/colour.ts";
import { formatReport } from "./report/report.ts";
import { UnwrittenRows } from "./results/csv.ts";
import { readEnvironment } from "./results/environment.ts";
import { formatJson } from "./results/json.ts";
import type { ResultRow } from "./results/schema.ts";
import { measureRemaining, remainingMs } from "./resume/exact-work.ts";
import { readInputs } from "./resume/inputs.ts";
import { meantRun, openJournal } from "./resume/open.ts";
import { shardName } from "./resume/shard.ts";
import { subjectOf } from "./verify/subject.ts";
import { verifySubject } from "./verify/verify.ts";
import { vocabularyOf } from "./vocabulary.ts";
import { openWallClock } from "./wall-clock.ts";

/** Answers the exit code. Throws a UsageError before anything is measured. */
export async function bench(words: readonly string[], engines: readonly EngineDescription[], workloads: readonly Workload[]): Promise<number> {
  const vocabulary = vocabularyOf(engines, workloads);
  const request = asksForGuest(words) ? parseGuestCommand(words, engines)
    : asksForAb(words) ? parseAbCommand(words, vocabulary, availableParallelism()) : parseCommandLine(words, vocabulary);
  if (request === "help") {
    process.stdout.write(`${helpText(vocabulary)}\n`);
    return EXIT_CODE.fine.code;
  }
  if ("guest" in request) return hostGuest(request);
  if ("list" in request) {
    const list = listing(engines, workloads, vocabulary.settings);
    process.stdout.write(`${request.list === "json" ? JSON.stringify(list, undefined, 2) : formatListing(list)}\n`);
    return EXIT_CODE.fine.code;
  }
  if ("ab" in request) return compareWithRevision(request, words, engines, workloads);
  return request.verify ? verify(request, engines, workloads) : measure(request, words, vocabulary, engines, workloads);
}

async function verify(request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[]): Promise<number> {
  const { cores } = readEnvironment(new Date(), []);
  const profile = loadProfile(request.profile);
  const subject = subjectOf(request, engines, workloads, cores, profile);
  const interruption = watchInterruption();
  const once = subject.estimatesMs.map((milliseconds) => milliseconds / cores);
  const progress = announce([once, once], [`${once.length} cases on the model clock, twice`]);
  const code = await verifySubject(subject, { progress, costs: profile, threads: cores, interruption: interruption.signal });
  return interruption.code() ?? code;
}

async function measure(
  asked: BenchRequest, words: readonly string[], vocabulary: Vocabulary, engines: readonly EngineDescription[], workloads: readonly Workload[],
): Promise<number> {
  const run = meantRun(asked, words, vocabulary);
  const { request, environment } = run;
  const { wall: plan, exact, profile, warning } = openWork(request, engines, workloads, environment);
  const journal = openJournal(run, words, readInputs(profile, request.pcap));
  const wall = plan && openWallClock(plan, request, engines, environment, journal);
  const interruption = watchInterruption();
  const stages = [wall?.remainingMs ?? [], exact === undefined ? [] : remainingMs(exact, journal, request.shard).map((milliseconds) => milliseconds / environment.cores)];
  const progress = announce(stages, stages.flatMap((stage, index) => (stage.length === 0 ? [] : [`${stage.length} cases on the ${index === 0 ? "wall" : "model"} clock`])));
  if (warning !== undefined) progress.say(warning);
  try {
    const rows = [...await wall?.measure(progress, interruption.signal) ?? []];
    if (exact !== undefined) rows.push(...await measureRemaining(exact, journal, request.shard, progress, interruption.signal));
    const complete = !interruption.signal.aborted;
    if (request.shard === undefined) {
      exact?.write(rows.filter(({ clock, harts }) => clock === "model" && harts > 0), complete);
      if (complete) journal.remove();
    } else if (complete) {
      journal.finish();
    }
    print(rows, [
      ...(wall === undefined ? [] : [`Every figure and raw sample: ${wall.file}`]),
      ...(request.shard === undefined ? exact?.files() ?? [] : [`The rows of shard ${shardName(request.shard)}: ${journal.folder}; when all are there: npm run merge -- ${request.resultsFolder}`]),
      "Columns: results/SCHEMA.md",
    ], request.json);
    if (!complete) process.stderr.write(`${howToGoOn(request)}\n`);
    return interruption.code() ?? exitCode(rows);
  } catch (error) {
    if (!(error instanceof UnwrittenRows)) throw error;
    process.stderr.write(`\ntcbench: ${error.message}; what was written before is kept. Make room; ${howToGoOn(request)}\n`);
    return EXIT_CODE.unwritten.code;
  }
}

/** The report, or with `json` the rows alone, and beside it where they are and what spoils them. */
function print(rows: readonly ResultRow[], files: readonly string[], json: boolean): void {
  if (json) {
    process.stdout.write(`${formatJson(rows)}\n`);
    process.stderr.write(`${files.join("\n")}\n`);
  } else {
    process.stdout.write(`\n${paint([formatReport(rows), files.join("\n")].join("\n\n"), process.stdout)}\n`);
  }
  const contaminated = rows.filter((row) => row.status === "contaminated" && row.metric === "throughput" && row.subject === "").length;
  if (contaminated > 0) process.stderr.write(`${paintWarning(contaminationWarning(contaminated), process.stderr)}\n`);
}

/** The first line of a run, and what reports the rest of it. */
function announce(stages: readonly (readonly number[])[], counts: readonly string[]): Progress {
  const progress = reportProgress(process.stderr, stages);
  const seconds = stages.flat().reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000;
  progress.say(`${counts.join(" and ") || "nothing left to measure"}, about ${Math.ceil(seconds)} s`);
  return progress;
}

const howToGoOn = ({ resultsFolder, shard }: BenchRequest): string => (
  `go on with: npm run bench -- --resume ${resultsFolder}${shard === undefined ? "" : ` --shard ${shardName(shard)}`}`);

function exitCode(rows: readonly ResultRow[]): number {
  if (rows.some((row) => row.status === "failed")) return EXIT_CODE.failedCase.code;
  if (rows.some((row) => row.status === "contaminated")) return EXIT_CODE.contaminated.code;
  return EXIT_CODE.fine.code;
}
