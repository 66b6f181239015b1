// The command: published exact figures through git, wall runs from their folder, and when they changed. It gates nothing.

import { existsSync } from "node:fs";
import { gitOr } from "../compare/git.ts";
import { UsageError } from "../exit-code.ts";
import { splitWords } from "../flags.ts";
import { METRICS } from "../results/metrics.ts";
import { exactHistory } from "./exact.ts";
import { wallHistory } from "./wall.ts";
import { exactWords, wallWords } from "./words.ts";

const DEFAULT_METRICS = ["throughput", "packet-rate", "latency-p99", "packet-latency-p99"];
const DEFAULT_RESULTS = "results";

const FLAGS = { metric: { type: "string", multiple: true }, results: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

const HELP = `npm run history -- [--metric NAME ...] [--results DIR]

Says when figures changed, and by how much: the exact ones of every commit that changed results/exact, and the
means of the wall clock's runs, host by host. It reports and gates nothing; npm run compare does.

  --metric NAME  name changes of this metric (may be repeated; default: ${DEFAULT_METRICS.join(", ")})
  --results DIR  folder with the wall clock's runs (default: ${DEFAULT_RESULTS})
  --help         print this

Exit codes
  0  the history was read, whatever is in it
  1  the command line or a result file cannot be used, or there is no history`;

/** Answers what to print. Throws a UsageError of one line. */
export function history(words: readonly string[], repository: string): string {
  const { metric = DEFAULT_METRICS, results = DEFAULT_RESULTS, help } = splitWords(words, FLAGS);
  if (help === true) return HELP;
  const unknown = metric.find((name) => !Object.hasOwn(METRICS, name));
  if (unknown !== undefined) throw new UsageError(`unknown metric ${unknown}: results/SCHEMA.md lists them`);
  if (!existsSync(results)) throw new UsageError(`${results}: no such folder`);
  const isRepository = gitOr(repository, "rev-parse", "--show-toplevel") !== undefined;
  const commits = isRepository ? exactHistory(repository) : [];
  const hosts = wallHistory(results, metric);
  if (commits.length === 0 && hosts.length === 0) {
    throw new UsageError(`no history: ${isRepository ? "no commit has results/exact" : "this is no git repository"}, and ${results} has no runs of the wall clock`);
  }
  return [isRepository ? exactWords(commits, metric) : "Exact figures: this is no git repository", wallWords(hosts)].join("\n\n");
}
