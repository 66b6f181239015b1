// The command: plan, measure under each clock, report.

import type { EngineDescription } from "../engines/engine.ts";
import type { Workload } from "../workloads/workload.ts";
import { type BenchRequest, helpText, parseCommandLine } from "./cli.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { hostGuest } from "./guest/guest.ts";
import { asksForGuest, parseGuestCommand } from "./guest/request.ts";
import { openIsolation } from "./isolation/isolation.ts";
import { type ModelClock, openModelClock } from "./model/clock.ts";
import { modelEstimatesMs } from "./model/plan.ts";
import { loadProfile } from "./model/profile.ts";
import { verifyModel } from "./model/verify.ts";
import { planRun, type RunPlan } from "./plan-run.ts";
import { estimatesMs } from "./plan.ts";
import { type Progress, reportProgress } from "./progress.ts";
import { formatReport } from "./report/report.ts";
import { readEnvironment } from "./results/environment.ts";
import type { ResultRow } from "./results/schema.ts";
import { capturedFrames } from "./traffic/capture-files.ts";
import { vocabularyOf } from "./vocabulary.ts";
import { openWallClock, type WallClock } from "./wall-clock.ts";
import { contaminationWarning } from "./warnings.ts";

/** Answers the exit code. Throws a UsageError before anything is measured. */
export async function bench(words: readonly string[], engines: readonly EngineDescription[], workloads: readonly Workload[]): Promise<number> {
  const vocabulary = vocabularyOf(engines, workloads);
  const request = asksForGuest(words) ? parseGuestCommand(words, engines) : parseCommandLine(words, vocabulary);
  if (request === "help") {
    process.stdout.write(`${helpText(vocabulary)}\n`);
    return EXIT_CODE.fine.code;
  }
  if ("guest" in request) return hostGuest(request);
  return request.only === undefined ? measure(request, words, engines, workloads) : attack(request, words, engines);
}

/** Hostile guests instead of workloads. */
async function attack(request: BenchRequest, words: readonly string[], engines: readonly EngineDescription[]): Promise<number> {
  const { cores } = readEnvironment(new Date(), words);
  const isolation = openIsolation(request, engines, loadProfile(request.profile), cores);
  const interruption = watchInterruption();
  const stage = isolation.estimatesMs.map((milliseconds) => milliseconds / cores);
  const progress = reportProgress(process.stderr, [stage]);
  progress.say(`${isolation.cases.length} machines with hostile guests on the model clock, about ${Math.ceil(stage.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000)} s`);
  const rows = await isolation.measure(progress, interruption);
  process.stdout.write(`\n${[formatReport(rows), isolation.files().join("\n")].join("\n\n")}\n`);
  return exitCode(rows, interruption.aborted);
}

async function measure(request: BenchRequest, words: readonly string[], engines: readonly EngineDescription[], workloads: readonly Workload[]): Promise<number> {
  const environment = readEnvironment(new Date(), words);
  const { cores } = environment;
  const captured = request.pcap === undefined ? undefined : capturedFrames(request.pcap);
  const profile = request.clock === "wall" ? undefined : loadProfile(request.profile);
  const plan = planRun(request, engines, workloads, cores, profile, captured?.frames);
  const interruption = watchInterruption();
  if (profile !== undefined && request.verify) {
    const progress = announce(request, plan, cores);
    return verifyModel(plan.model, { progress, costs: profile, threads: cores, interruption });
  }
  const wall = plan.wall && openWallClock(plan.wall, request, engines, environment);
  const model = profile && openModelClock(plan.model, request, profile, engines, workloads, environment);
  const progress = announce(request, plan, cores);
  if (captured?.warning !== undefined) progress.say(captured.warning);
  const rows = [...await wall?.measure(progress, interruption) ?? [], ...await model?.measure(progress, interruption) ?? []];
  process.stdout.write(`\n${[formatReport(rows), filesOf(wall, model)].join("\n\n")}\n`);
  const contaminated = rows.filter((row) => row.status === "contaminated" && row.metric === "throughput" && row.subject === "").length;
  if (contaminated > 0) process.stderr.write(`${contaminationWarning(contaminated)}\n`);
  return exitCode(rows, interruption.aborted);
}

/** The first line of a run, and what reports the rest of it. */
function announce({ verify }: BenchRequest, { wall, model }: RunPlan, cores: number): Progress {
  const onModel = modelEstimatesMs(model).map((milliseconds) => milliseconds / cores);
  const stages = [wall === undefined ? [] : estimatesMs(wall), onModel, ...(verify ? [onModel] : [])];
  const progress = reportProgress(process.stderr, stages);
  const seconds = stages.flat().reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000;
  const counts = [...(wall === undefined ? [] : [`${wall.cases.length} cases on the wall clock`]), ...(model.length === 0 ? [] : [`${model.length} on the model clock${verify ? ", twice" : ""}`])];
  progress.say(`${counts.join(" and ")}, about ${Math.ceil(seconds)} s`);
  return progress;
}

const filesOf = (wall: WallClock | undefined, model: ModelClock | undefined): string => (
  [...(wall === undefined ? [] : [`Every figure and raw sample: ${wall.file}`]), ...model?.files() ?? [], "Columns: results/SCHEMA.md"].join("\n"));

function exitCode(rows: readonly ResultRow[], interrupted: boolean): number {
  if (interrupted) return EXIT_CODE.interrupted.code;
  if (rows.some((row) => row.status === "failed")) return EXIT_CODE.failedCase.code;
  if (rows.some((row) => row.status === "contaminated")) return EXIT_CODE.contaminated.code;
  return EXIT_CODE.fine.code;
}

/** The first interrupt ends the run after what is under way; a second one ends the process. */
function watchInterruption(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write("\ninterrupted: what was measured is kept; once more ends at once\n");
    controller.abort();
  });
  return controller.signal;
}
