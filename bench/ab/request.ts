// The command line of `--ab`: flags to a checked request.

import * as v from "valibot";
import { UsageError } from "../exit-code.ts";
import type { Vocabulary } from "../cli.ts";
import { assignment, check, type Flag, oneOf, splitWords, whole } from "../flags.ts";
import type { Criteria } from "./judge.ts";

export const DEFAULTS = { rounds: 20, level: 0.01, threshold: 5, results: "results" } as const;
const MOST_ROUNDS = 1_000;

export const AB_FLAGS = {
  ab: { type: "string", value: "REV", doc: "the git revision that this working tree is compared with" },
  rounds: { type: "string", value: "N", doc: `rounds of four machines, A B B A (default: ${DEFAULTS.rounds})` },
  level: { type: "string", value: "P", doc: `how small p must be, by Mann and Whitney's test and Holm's correction (default: ${DEFAULTS.level})` },
  threshold: { type: "string", value: "PERCENT", doc: `how far from 1 the whole interval of the ratio must be (default: ${DEFAULTS.threshold})` },
  engine: { type: "string", multiple: true, value: "NAME", doc: "this engine only (may be repeated)" },
  workload: { type: "string", multiple: true, value: "NAME", doc: "this workload only (may be repeated)" },
  harts: { type: "string", multiple: true, value: "N", doc: "harts of the machine (may be repeated)" },
  set: { type: "string", multiple: true, value: "NAME=VALUE", doc: "a setting of engines and workloads (may be repeated)" },
  results: { type: "string", value: "DIR", doc: "folder for results: every sample goes to ab/<run>.csv in it (default: results)" },
  help: { type: "boolean", short: "h", doc: "print this" },
} as const satisfies Readonly<Record<string, Flag>>;

export const AB_EXAMPLES = [
  "npm run bench -- --ab origin/main",
  "npm run bench -- --ab HEAD~1 --engine smp --workload contend --harts 2 --rounds 40",
] as const;

export interface AbRequest {
  readonly ab: string;
  readonly rounds: number;
  readonly criteria: Criteria;
  /** Undefined: the default cases. */
  readonly engines: readonly string[] | undefined;
  readonly workloads: readonly string[] | undefined;
  readonly harts: readonly number[] | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly resultsFolder: string;
}

/** Whether a command line is one for `--ab`. */
export const asksForAb = (words: readonly string[]): boolean => words.some((word) => word === "--ab" || word.startsWith("--ab="));

/** Throws a UsageError of one line, or answers "help". */
export function parseAbCommand(words: readonly string[], vocabulary: Vocabulary, cores: number): AbRequest | "help" {
  const { help, ...flags } = splitWords(words, AB_FLAGS);
  if (help === true) return "help";
  const { ab, rounds, level, threshold, engine, workload, harts, set, results } = check(schema(vocabulary), flags);
  const tooMany = harts?.find((count) => count > cores);
  if (tooMany !== undefined) throw new UsageError(`--harts ${tooMany}: this host has ${cores} ${cores === 1 ? "core" : "cores"}; npm run compare compares what the model clock measures, on any host`);
  return { ab, rounds, criteria: { level, threshold }, engines: engine, workloads: workload, harts, settings: Object.fromEntries(set), resultsFolder: results };
}

const schema = ({ engines, workloads, settings, maximumHarts }: Vocabulary) => v.object({
  ab: v.pipe(v.string(), v.nonEmpty("--ab needs a git revision")),
  rounds: v.optional(whole("rounds", 1, MOST_ROUNDS), String(DEFAULTS.rounds)),
  level: v.optional(v.pipe(between("level", 1), v.check((level) => level > 0, "--level 0: no p is below it")), String(DEFAULTS.level)),
  threshold: v.optional(between("threshold", 100), String(DEFAULTS.threshold)),
  engine: v.optional(v.array(oneOf("engine", Object.keys(engines)))),
  workload: v.optional(v.array(oneOf("workload", Object.keys(workloads)))),
  harts: v.optional(v.array(whole("harts", 1, maximumHarts))),
  set: v.optional(v.array(assignment(settings, "engine or workload")), []),
  results: v.optional(v.pipe(v.string(), v.nonEmpty("--results needs a folder")), DEFAULTS.results),
});

function between(flag: string, maximum: number) {
  return v.pipe(
    v.string(),
    v.check((word) => /^\d+(\.\d+)?(e-\d+)?$/.test(word) && Number(word) < maximum, ({ input }) => `--${flag} ${input}: not a number from 0 to below ${maximum}`),
    v.transform(Number),
  );
}
