// `npm run bench -- --ab REV`: throughputs of two revisions on the wall clock of this host, measured in one run, round by round.

import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { EngineDescription } from "../../engines/engine.ts";
import type { Workload } from "../../workloads/workload.ts";
import { type BenchCase, caseLabel } from "../case.ts";
import { commitOf } from "../compare/revision.ts";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { CaseFailure } from "../failure.ts";
import { type Interruption, watchInterruption } from "../interruption.ts";
import { type Progress, reportProgress } from "../progress.ts";
import { appendRows, createCsv, UnwrittenRows } from "../results/csv.ts";
import { type Environment, readEnvironment, runName } from "../results/environment.ts";
import { median } from "../statistics.ts";
import { CONTAMINATED_BELOW, hostWarnings } from "../noise/noise.ts";
import { fewestRounds, judgeCases, smallestAdjusted } from "./judge.ts";
import { withOtherTree } from "./other-tree.ts";
import { type AbOutcome, conclude } from "./outcome.ts";
import { planAb } from "./plan.ts";
import { formatAb } from "./report.ts";
import type { AbRequest } from "./request.ts";
import { measureRound, type Round, type Start, startIn } from "./rounds.ts";
import { roundRows } from "./rows.ts";
import { AbsentCase } from "./sample-process.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** Of a round with four machines, for estimates only. */
const ROUND_MS = 9_000;
const HASH_DIGITS = 12;

/** Answers the exit code. Throws a UsageError before anything is measured. */
export async function compareWithRevision(request: AbRequest, words: readonly string[], engines: readonly EngineDescription[], workloads: readonly Workload[]): Promise<number> {
  const environment = readEnvironment(new Date(), words);
  const cases = planAb(request, engines, workloads, environment.cores);
  requireRounds(request, cases.length);
  const commit = commitOf(REPOSITORY, request.ab);
  if (commit === undefined) throw new UsageError(`--ab ${request.ab}: not a git revision here`);
  const file = createFile(request.resultsFolder, environment);
  const interruption = watchInterruption();
  const progress = reportProgress(process.stderr, [Array.from({ length: request.rounds * cases.length }, () => ROUND_MS)]);
  progress.say(`${cases.length} ${cases.length === 1 ? "case" : "cases"}, ${request.rounds} rounds of A B B A each, about ${Math.ceil((request.rounds * cases.length * ROUND_MS) / 1000)} s; A: ${request.ab} (${commit.slice(0, HASH_DIGITS)}), B: this tree`);
  hostWarnings(environment.state, environment.cores, Math.max(...cases.map(({ harts }) => harts))).forEach((warning) => progress.say(warning));
  const measured = cases.map((benchCase): Measured => ({ benchCase, rounds: [], ended: undefined }));
  try {
    await withOtherTree(REPOSITORY, commit, interruption.signal, (line) => progress.say(line), async (tree) => {
      for (let round = 0; round < request.rounds; round++) {
        for (const each of measured) {
          if (interruption.signal.aborted) return;
          if (each.ended === undefined) await addRound(each, tree, round, progress, interruption);
          const last = each.rounds.at(-1);
          if (each.rounds.length > round && last !== undefined) appendRows(file, roundRows(each.benchCase, last, round, commit.slice(0, HASH_DIGITS), environment.revision));
        }
      }
    });
  } catch (error) {
    if (error instanceof UnwrittenRows) {
      process.stderr.write(`\ntcbench: ${error.message}; what was written before is kept\n`);
      return EXIT_CODE.unwritten.code;
    }
    if (!interruption.signal.aborted) throw error;
  }
  if (interruption.signal.aborted) return interruption.code() ?? EXIT_CODE.interrupted.code;
  const outcomes = judge(measured, request);
  process.stdout.write(`\n${formatAb(outcomes, request)}\nEvery sample: ${file}\n`);
  return conclude(outcomes).code;
}

interface Measured {
  readonly benchCase: BenchCase;
  readonly rounds: Round[];
  /** Why there are no more rounds. */
  ended: { readonly kind: "failed" | "absent"; readonly reason: string } | undefined;
}

async function addRound(measured: Measured, tree: string, round: number, progress: Progress, { signal }: Interruption): Promise<void> {
  const { benchCase: { workload, engine, harts, options, parameters } } = measured;
  const task = { workload, engine, harts, settings: { ...parameters, ...options } };
  progress.begin(`${caseLabel(measured.benchCase)}, round ${round + 1}`);
  try {
    const done = await measureRound(ofSide("A", startIn(tree, task)), ofSide("B", startIn(REPOSITORY, task)), round, signal);
    measured.rounds.push(done);
    progress.end(`B / A ${(median(done.b.map(({ throughput }) => throughput)) / median(done.a.map(({ throughput }) => throughput))).toFixed(3)}`);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof AbsentCase) measured.ended = { kind: "absent", reason: "A has no such case" };
    else if (error instanceof CaseFailure) measured.ended = { kind: "failed", reason: error.message };
    else throw error;
    progress.end(`${measured.ended.kind}: ${measured.ended.reason}`);
  }
}

/** Says whose machine did not start: one may be of a revision that cannot be measured from here. */
const ofSide = (side: string, start: Start): Start => async (interruption) => {
  try {
    return await start(interruption);
  } catch (error) {
    throw error instanceof CaseFailure ? new CaseFailure(`${side}: ${error.message}`) : error;
  }
};

/** Throws a UsageError where no difference, however large, could be found. */
function requireRounds({ rounds, criteria: { level } }: AbRequest, cases: number): void {
  if (smallestAdjusted(rounds, cases) < level) return;
  throw new UsageError(`--rounds ${rounds} cannot reach p < ${level} in ${cases} ${cases === 1 ? "case" : "cases"}: the smallest p is ${smallestAdjusted(rounds, cases).toPrecision(2)}, however far apart A and B are; ${fewestRounds(level, cases)} rounds can`);
}

function createFile(results: string, environment: Environment): string {
  const file = join(results, "ab", `${runName(environment)}.csv`);
  try {
    createCsv(file);
    return file;
  } catch (error) {
    throw new UsageError(`results cannot be written to ${results}: ${(error as Error).message.split("\n")[0]}`);
  }
}

function judge(measured: readonly Measured[], { criteria }: AbRequest): AbOutcome[] {
  const whole = measured.filter(({ ended }) => ended === undefined);
  const values = (of: "throughput" | "wallThroughput") => whole.map(({ rounds }) => rounds.map(({ a, b }) => ({ a: a.map((sample) => sample[of]), b: b.map((sample) => sample[of]) })));
  const [verdicts, wall] = [judgeCases(values("throughput"), criteria), judgeCases(values("wallThroughput"), criteria)];
  return measured.map(({ benchCase, rounds, ended }): AbOutcome => {
    const label = caseLabel(benchCase);
    if (ended !== undefined) return { ...ended, label };
    const index = whole.findIndex((each) => each.benchCase === benchCase);
    const all = (side: "a" | "b") => rounds.flatMap((round) => round[side]);
    const cpuToWall = median([...all("a"), ...all("b")].map((sample) => sample.cpuToWall));
    return {
      kind: "compared", label, rounds: rounds.length, verdict: verdicts[index], wallRatio: wall[index].ratio, cpuToWall, contaminated: cpuToWall < CONTAMINATED_BELOW,
      a: 1000 * median(all("a").map(({ throughput }) => throughput)), b: 1000 * median(all("b").map(({ throughput }) => throughput)),
    };
  });
}
