// Which run a command line means: a new one, or the rest of one that was interrupted.

import { type BenchRequest, measuredWords, parseCommandLine, type Vocabulary } from "../cli.ts";
import { UsageError } from "../exit-code.ts";
import { type Environment, readEnvironment } from "../results/environment.ts";
import { type Inputs, INPUTS } from "./inputs.ts";
import { findUnfinished, Journal, journalFolder, measuredBy, type RunRecord } from "./journal.ts";
import { shardName } from "./shard.ts";

export interface MeantRun {
  readonly request: BenchRequest;
  readonly environment: Environment;
  /** Of the run to go on with. */
  readonly begun: Journal | undefined;
}

/** Throws a UsageError where there is no such run, or it was begun with other flags. */
export function meantRun(asked: BenchRequest, words: readonly string[], vocabulary: Vocabulary): MeantRun {
  const environment = readEnvironment(new Date(), words);
  const begun = asked.resume ? findUnfinished(asked.resultsFolder, asked.shard) : undefined;
  if (begun === undefined) {
    if (asked.resume && measuredWords(words).length === 0) throw new UsageError(`--resume: there is no interrupted run in ${asked.resultsFolder}`);
    return { request: asked, environment, begun };
  }
  const { command, environment: { started, revision } } = begun.record;
  refuseRunning(begun);
  const request = requestOf(begun.record, asked, vocabulary);
  if (measuredWords(words).length > 0 && JSON.stringify(request) !== JSON.stringify(asked)) {
    throw new UsageError(`--resume: the run in ${begun.folder} was begun with other flags: ${command.length === 0 ? "none" : command.join(" ")}; give the same, or none`);
  }
  return { request, environment: { ...environment, started, revision }, begun };
}

/** What the flags of a record mean, in the folder and for the part that `asked` is about. */
export function requestOf({ command }: RunRecord, { resultsFolder, resume, shard, json }: Pick<BenchRequest, "resultsFolder" | "resume" | "shard" | "json">, vocabulary: Vocabulary): BenchRequest {
  const request = parseCommandLine([...command, ...(shard === undefined ? [] : ["--shard", shardName(shard)])], vocabulary);
  if (request === "help" || "list" in request) throw new RangeError("a run was begun with --help or --list");
  return { ...request, resultsFolder, resume, json };
}

/** The journal of a run, begun now or before. Throws a UsageError where a part would be made from other things than the rest. */
export function openJournal({ request, environment, begun }: MeantRun, words: readonly string[], inputs: Inputs): Journal {
  if (begun === undefined) {
    const folder = journalFolder(request.resultsFolder, request.shard, environment);
    refuseRunning(Journal.at(folder));
    return Journal.begin(folder, {
      command: measuredWords(words), revision: environment.revision, inputs, shard: request.shard === undefined ? "" : shardName(request.shard),
      finished: false, wall: "", ...measuredBy(process.pid), environment,
    });
  }
  const { record } = begun;
  requireSame(`--resume: since the run in ${begun.folder} was begun`, record, inputs, environment.revision);
  if (record.wall !== "" && (record.environment.host !== environment.host || record.environment.node !== environment.node)) {
    throw new UsageError(`--resume: the run in ${begun.folder} measures the wall clock of host ${record.environment.host} under Node ${record.environment.node}; go on there, or begin anew`);
  }
  begun.takeOver();
  return begun;
}

function refuseRunning(journal: Journal | undefined): void {
  if (journal?.isRunning() === true) throw new UsageError(`process ${journal.record.process} is still measuring the run in ${journal.folder}`);
}

/** Throws a UsageError that names the first input that is another. */
export function requireSame(since: string, { inputs: before, revision }: RunRecord, now: Inputs, revisionNow: string): void {
  for (const [input, [name, remedy]] of Object.entries(INPUTS) as [keyof Inputs, readonly [string, string]][]) {
    if (before[input] !== now[input]) throw new UsageError(`${since} (revision ${revision || "unknown"}, now ${revisionNow || "unknown"}), ${name} changed; ${remedy}, or begin anew`);
  }
}
