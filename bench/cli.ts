// The command line: flags to a checked request.

import * as v from "valibot";
import { AB_EXAMPLES, AB_FLAGS } from "./ab/request.ts";
import { UNMATCHED } from "../workloads/network/traffic.ts";
import { EXIT_CODE, UsageError } from "./exit-code.ts";
import { DEFAULT_FAULTS, DEFAULT_SEED } from "./faults/cases.ts";
import { assignment, check, columns, flagLines, oneOf, type Setting, shard, splitWords, whole, withoutFlags } from "./flags.ts";
import { GUEST_EXAMPLES, GUEST_FLAGS } from "./guest/request.ts";
import { DEFAULT_PROFILE, PROFILE_NAMES } from "./model/profile.ts";
import { settingLines } from "./settings.ts";
import { type ClockName, CLOCKS } from "./results/metrics.ts";
import type { Shard } from "./resume/shard.ts";

const FLAGS = {
  engine: { type: "string", multiple: true, value: "NAME", doc: "measure this engine only (may be repeated)" },
  workload: { type: "string", multiple: true, value: "NAME", doc: "measure this workload only (may be repeated)" },
  harts: { type: "string", multiple: true, value: "N", doc: "harts of the machine (may be repeated; default: 1 and 2 on the wall clock, 1 to 32 on the model's)" },
  clock: { type: "string", value: "NAME", doc: "wall: this host's time; model: simulated cycles; both (default)" },
  profile: { type: "string", value: "NAME|FILE", doc: `costs of the model clock: ${PROFILE_NAMES.join(", ")}, or a file of yours (default: ${DEFAULT_PROFILE})` },
  only: { type: "string", value: "NAME", doc: "instead of measuring workloads, on the model clock: isolation: let hostile guests attack every engine; faults: flip bits in a guest, on every engine" },
  faults: { type: "string", value: "N", doc: `faults to inject on each engine (default: ${DEFAULT_FAULTS}), with --only faults` },
  seed: { type: "string", value: "N", doc: `what the faults are drawn from (default: ${DEFAULT_SEED}), with --only faults` },
  full: { type: "boolean", doc: "64 and 128 harts too, on the model clock" },
  verify: { type: "boolean", doc: "run every case of the model clock (or of --only) twice, in two processes and in opposite orders, and compare; writes no results" },
  set: { type: "string", multiple: true, value: "NAME=VALUE", doc: "a setting, for the engines and workloads that have it (may be repeated)" },
  quick: { type: "boolean", doc: "fewer workloads, harts and samples: half a minute" },
  samples: { type: "string", value: "N", doc: "run windows to measure in each case, on the wall clock" },
  window: { type: "string", value: "MS", doc: "length of a run window in milliseconds, on the wall clock" },
  pcap: { type: "string", value: "FILE", doc: "frames of this capture (pcap or pcapng) arrive, in a cycle, instead of generated ones" },
  "pcap-out": { type: "string", value: "FILE", doc: "write the first frames that the first case with traffic forwards as a pcap file" },
  results: { type: "string", value: "DIR", doc: "folder for results (default: results); see Results below" },
  resume: { type: "string", value: "[DIR]", optional: true, doc: "go on with the run in DIR (default: as --results) that was interrupted last, with the flags that it was begun with" },
  shard: { type: "string", value: "I/N", doc: "the I-th of N parts of what would be measured on the model clock, for N jobs; \"npm run merge\" puts them together" },
  "lock-timing": { type: "boolean", doc: "time the locks in every case, as a second pass (default: in `contend` only)" },
  "allow-oversubscription": { type: "boolean", doc: "measure more harts than this host has cores; rows are marked" },
  list: { type: "boolean", doc: "print the names of engines, workloads, attacks, profiles and settings" },
  json: { type: "boolean", doc: "print rows, or with --list names, as JSON and nothing else on the standard output" },
  help: { type: "boolean", short: "h", doc: "print this" },
} as const;

const EXAMPLES = [
  "npm run bench -- --engine smp --engine per-core --workload contend --clock model --full",
  "npm run bench -- --engine smp --set lock=mcs --set lock-timing=on --harts 2",
  "npm run bench -- --only isolation --engine microscheduler",
  "npm run bench -- --clock model --quick --json | jq '.[] | select(.metric == \"throughput\")'",
  "npm run bench -- --resume",
] as const;

/** Flags that mean something under one clock only. */
const OF_CLOCK = {
  wall: ["samples", "window", "pcap-out", "lock-timing", "allow-oversubscription"],
  model: ["profile", "full", "verify", "only", "faults", "seed", "shard"],
} as const;

/** Of workloads where frames of a capture arrive: whose they are, no rule of the guests' filter knows. */
const OF_CAPTURES = { unmatched: UNMATCHED.allow } as const;

/** What there is to measure instead of workloads. */
const ONLY = ["isolation", "faults"] as const;
export type Only = (typeof ONLY)[number];
const MAXIMUM_FAULTS = 1_000_000;
const MAXIMUM_SEED = 2 ** 32 - 1;

/** What the user asked for. Undefined: the plan decides. */
export interface BenchRequest {
  readonly engines: readonly string[] | undefined;
  readonly workloads: readonly string[] | undefined;
  readonly harts: readonly number[] | undefined;
  readonly clock: ClockName | "both";
  /** Name or file of the model's costs. */
  readonly profile: string;
  /** What to measure instead of workloads. */
  readonly only: Only | undefined;
  /** Faults of a campaign, and what they are drawn from. */
  readonly faults: number | undefined;
  readonly seed: number | undefined;
  readonly full: boolean;
  readonly verify: boolean;
  /** From --set and, for captures, our own; for every engine and workload that has the name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly quick: boolean;
  readonly samples: number | undefined;
  readonly windowMs: number | undefined;
  /** Capture files: whose frames arrive, and what to write. */
  readonly pcap: string | undefined;
  readonly pcapOut: string | undefined;
  readonly resultsFolder: string;
  /** Whether to go on with a run that was interrupted. */
  readonly resume: boolean;
  /** Which part of it, of several jobs. */
  readonly shard: Shard | undefined;
  readonly json: boolean;
  readonly lockTiming: boolean;
  readonly allowOversubscription: boolean;
}

/** Names a request may use. */
export interface Vocabulary {
  readonly engines: Readonly<Record<string, string>>; // name → summary
  readonly workloads: Readonly<Record<string, string>>;
  readonly settings: readonly Setting[];
  readonly maximumHarts: number;
}

const DEFAULT_RESULTS = "results";
const MAXIMUM_SAMPLES = 10_000;
const WINDOW_MS = { minimum: 1, maximum: 60_000 } as const;

const RESULTS = [
  ["wall/<host>/<run>.csv", "everything measured on the wall clock, with a description of the host beside it"],
  ["exact/<profile>/<workload>.csv", "the model clock's sweep: a run replaces the rows of the cases that it measured, and leaves all others"],
  ["model/<run>.csv", "the model clock's other cases: with --set, --pcap, other numbers of harts or a profile of yours"],
  ["unfinished/<run>/", "a run that has not come to its end, for --resume"],
  ["shards/<i>-of-<n>/", "what --shard i/n measured, for npm run merge"],
] as const;

/** The names that there are, instead of a run. */
export interface ListRequest {
  readonly list: "text" | "json";
}

/** Checks the command line. Throws a UsageError of one line, or answers "help". */
export function parseCommandLine(words: readonly string[], vocabulary: Vocabulary): BenchRequest | ListRequest | "help" {
  const { help, list, ...flags } = splitWords(words, FLAGS);
  if (help === true) return "help";
  if (list === true) return { list: flags.json === true ? "json" : "text" };
  const request = check(requestSchema(vocabulary), flags);
  const given = (names: readonly (keyof typeof flags)[]) => names.find((name) => flags[name] !== undefined);
  const foreign = request.clock === "wall" ? given(OF_CLOCK.model) : request.clock === "model" ? given(OF_CLOCK.wall) : undefined;
  if (request.only !== undefined) {
    const other = given(["workload", "full", "pcap"]);
    if (other !== undefined) throw new UsageError(`--${other} means nothing with --only ${request.only}`);
  }
  const ofRows = request.verify ? given(["resume", "shard", "json"]) : undefined;
  if (ofRows !== undefined) throw new UsageError(`--${ofRows} means nothing with --verify, which gives no results`);
  if (flags.results !== undefined && flags.resume !== undefined && flags.resume !== "") throw new UsageError("--results and --resume name a folder each: one is enough");
  if (request.only !== "faults") {
    const other = given(["faults", "seed"]);
    if (other !== undefined) throw new UsageError(`--${other} means nothing without --only faults`);
  }
  if (foreign === undefined) return request;
  throw new UsageError(`--${foreign} means nothing on the ${request.clock} clock alone${request.verify && request.clock === "model" ? ", which --verify asks for" : ""}`);
}

/** Flags that say where and how a run is measured, or which part of it, and not what is. */
const ABOUT_THE_RUN = ["results", "resume", "shard", "json"] as const;

/** The words that say what is measured. */
export const measuredWords = (words: readonly string[]): string[] => withoutFlags(words, FLAGS, ABOUT_THE_RUN);

export function helpText(vocabulary: Vocabulary): string {
  const codes = Object.values(EXIT_CODE).map(({ code, meaning }) => [String(code), meaning]);
  return [
    "npm run bench -- [flags]", "",
    "Runs the same guests on every hypervisor architecture and compares them.", "",
    "Flags", ...flagLines(FLAGS), "",
    "For example", ...EXAMPLES.map((line) => `  ${line}`), "",
    "npm run bench -- --guest FILE [flags]", "",
    "Runs a guest of yours, with its console on the terminal.", "",
    "Flags", ...flagLines(GUEST_FLAGS), "",
    "For example", ...GUEST_EXAMPLES.map((line) => `  ${line}`), "",
    "npm run bench -- --ab REV [flags]", "",
    "Compares this working tree with another revision, on this host's wall clock.", "",
    "Flags", ...flagLines(AB_FLAGS), "",
    "For example", ...AB_EXAMPLES.map((line) => `  ${line}`), "",
    "Engines", ...columns(Object.entries(vocabulary.engines)), "",
    "Workloads", ...columns(Object.entries(vocabulary.workloads)), "",
    "Settings (--set), and their defaults", ...settingLines(vocabulary.settings), "",
    "Results", ...columns(RESULTS), "",
    "Exit codes", ...columns(codes),
  ].join("\n");
}

function requestSchema(vocabulary: Vocabulary) {
  return v.pipe(
    v.object({
      engine: v.optional(v.array(oneOf("engine", Object.keys(vocabulary.engines)))),
      workload: v.optional(v.array(oneOf("workload", Object.keys(vocabulary.workloads)))),
      harts: v.optional(v.array(whole("harts", 1, vocabulary.maximumHarts))),
      clock: v.optional(oneOf("clock", [...CLOCKS, "both"])),
      profile: v.optional(v.pipe(v.string(), v.nonEmpty("--profile needs a name or a file")), DEFAULT_PROFILE),
      only: v.optional(oneOf("only", ONLY)),
      faults: v.optional(whole("faults", 1, MAXIMUM_FAULTS)),
      seed: v.optional(whole("seed", 0, MAXIMUM_SEED)),
      full: v.optional(v.boolean(), false),
      verify: v.optional(v.boolean(), false),
      set: v.optional(v.array(assignment(vocabulary.settings, "engine or workload")), []),
      quick: v.optional(v.boolean(), false),
      samples: v.optional(whole("samples", 1, MAXIMUM_SAMPLES)),
      window: v.optional(whole("window", WINDOW_MS.minimum, WINDOW_MS.maximum)),
      pcap: v.optional(v.pipe(v.string(), v.nonEmpty("--pcap needs a file"))),
      "pcap-out": v.optional(v.pipe(v.string(), v.nonEmpty("--pcap-out needs a file"))),
      results: v.optional(v.pipe(v.string(), v.nonEmpty("--results needs a folder")), DEFAULT_RESULTS),
      resume: v.optional(v.string()),
      shard: v.optional(shard()),
      json: v.optional(v.boolean(), false),
      "lock-timing": v.optional(v.boolean(), false),
      "allow-oversubscription": v.optional(v.boolean(), false),
    }),
    v.transform((flags): BenchRequest => ({
      engines: unique(flags.engine),
      workloads: unique(flags.workload),
      harts: unique(flags.harts),
      clock: (flags.verify || flags.only !== undefined || flags.shard !== undefined) && flags.clock !== "wall" ? "model" : ((flags.clock ?? "both") as ClockName | "both"),
      profile: flags.profile,
      only: flags.only as Only | undefined,
      faults: flags.faults,
      seed: flags.seed,
      full: flags.full,
      verify: flags.verify,
      settings: { ...(flags.pcap === undefined ? {} : OF_CAPTURES), ...Object.fromEntries(flags.set) },
      quick: flags.quick,
      samples: flags.samples,
      windowMs: flags.window,
      pcap: flags.pcap,
      pcapOut: flags["pcap-out"],
      resultsFolder: flags.resume === undefined || flags.resume === "" ? flags.results : flags.resume,
      resume: flags.resume !== undefined,
      shard: flags.shard,
      json: flags.json,
      lockTiming: flags["lock-timing"],
      allowOversubscription: flags["allow-oversubscription"],
    })),
  );
}

const unique = <T>(list: readonly T[] | undefined): T[] | undefined => (list === undefined ? undefined : [...new Set(list)]);
