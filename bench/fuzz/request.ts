// The command line of `npm run fuzz`.

import * as v from "valibot";
import type { EngineName } from "../../engines/engine.ts";
import { check, type Flag, flagLines, oneOf, splitWords, whole } from "../flags.ts";
import { FUZZED } from "./setting.ts";

const IMAGES = "images";
const TARGETS = [...FUZZED, IMAGES];
const LARGEST_SEED = 0xffff_ffff;

const FLAGS = {
  engine: { type: "string", multiple: true, value: "NAME", doc: `what is fuzzed (may be repeated; default: all): ${TARGETS.join(", ")}` },
  calls: { type: "string", value: "N", doc: "operations on each engine (default: 1000000), and a tenth as many malformed images" },
  seconds: { type: "string", value: "N", doc: "begin nothing more after so long (default: 3600)" },
  seed: { type: "string", value: "N", doc: "what everything is made from (default: 1); the first machine's is this very one" },
  coverage: { type: "boolean", doc: "instead, how much of each engine some machines execute: counting makes them several times slower" },
  help: { type: "boolean", short: "h", doc: "print this" },
} as const satisfies Readonly<Record<string, Flag>>;

const SCHEMA = v.object({
  engine: v.optional(v.array(oneOf("engine", TARGETS)), TARGETS),
  calls: v.optional(whole("calls", 1, 1_000_000_000), "1000000"),
  seconds: v.optional(whole("seconds", 1, 1_000_000), "3600"),
  seed: v.optional(whole("seed", 0, LARGEST_SEED), "1"),
  coverage: v.optional(v.boolean(), false),
});

export interface FuzzRequest {
  readonly engines: readonly EngineName[];
  readonly images: boolean;
  readonly calls: number;
  readonly seconds: number;
  readonly seed: number;
  readonly coverage: boolean;
}

/** Throws a UsageError of one line, or answers "help". */
export function parseFuzzCommand(words: readonly string[]): FuzzRequest | "help" {
  const { help, ...flags } = splitWords(words, FLAGS);
  if (help === true) return "help";
  const { engine, ...rest } = check(SCHEMA, flags);
  return { ...rest, engines: FUZZED.filter((name) => engine.includes(name)), images: engine.includes(IMAGES) };
}

export const FUZZ_HELP = `npm run fuzz -- [flags]

A guest does to its engine whatever a guest can: SBI calls with random registers, accesses to and around its devices, virtio
queues of random descriptors, random instructions, page tables of random contents. Beside it run honest guests. After every
slice of every machine the engine's invariants and the honest guests' results are checked; images and device trees malformed
in every field are loaded too. What fails is made as small as it goes, and printed with the command that does it again.

${flagLines(FLAGS).join("\n")}

Exit codes: 0 all held; 1 the command line cannot be used; 2 something did not hold.
`;
