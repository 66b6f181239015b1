// `npm run validate:regress`: how often comparisons raise a false alarm, and how small a slowdown they find, by planting some.

import { fewestRounds } from "../ab/judge.ts";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { CaseFailure } from "../failure.ts";
import { check, columns, type Flag, flagLines, oneOf, splitWords, whole } from "../flags.ts";
import { type Interruption, watchInterruption } from "../interruption.ts";
import * as v from "valibot";
import { describeExact, type Reach } from "./describe-exact.ts";
import { describeNoisy } from "./describe-noisy.ts";
import { LEVEL } from "./noisy-class.ts";

const PARTS = ["exact", "noisy"] as const;
const FULL = { repetitions: 20, rounds: 40 } as const;
const QUICK = { repetitions: 3, rounds: 5 } as const;
const MOST_ROUNDS = 1_000;

const FLAGS = {
  only: { type: "string", value: "PART", doc: "exact: figures of the model clock; noisy: the wall clock's" },
  quick: { type: "boolean", doc: "fewer of everything: four minutes" },
  rounds: { type: "string", value: "N", doc: `rounds of twelve machines to measure for the noisy part (default: ${FULL.rounds})` },
  help: { type: "boolean", short: "h", doc: "print this" },
} as const satisfies Readonly<Record<string, Flag>>;

const CODES = [
  ["0", "both classes reach what is asked of them"],
  ["1", "the command line is not usable"],
  ["2", "a case failed"],
  ["5", "the host was too busy to say what the noisy class reaches"],
  ["10", "a class does not reach it"],
] as const;

const HELP = [
  "npm run validate:regress -- [flags]", "",
  "Compares engines with themselves, and with a slowdown planted in them, as npm run compare and bench --ab do.", "",
  "Flags", ...flagLines(FLAGS), "",
  "Exit codes", ...columns(CODES),
].join("\n");

async function validate(words: readonly string[]): Promise<number> {
  const { help, ...flags } = splitWords(words, FLAGS);
  if (help === true) {
    process.stdout.write(`${HELP}\n`);
    return EXIT_CODE.fine.code;
  }
  const { only, quick, rounds } = check(v.object({ only: v.optional(oneOf("only", PARTS)), quick: v.optional(v.boolean(), false), rounds: v.optional(whole("rounds", fewestRounds(LEVEL, 1), MOST_ROUNDS)) }), flags);
  const interruption = watchInterruption();
  try {
    return await tryParts(only, quick ? QUICK : FULL, rounds, interruption);
  } catch (error) {
    // Its machines were ended with it.
    if (!interruption.signal.aborted) throw error;
    return interruption.code() ?? EXIT_CODE.interrupted.code;
  }
}

async function tryParts(only: string | undefined, size: typeof FULL | typeof QUICK, rounds: number | undefined, interruption: Interruption): Promise<number> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const reached: Reach[] = [];
  for (const part of PARTS) {
    if (only !== undefined && only !== part) continue;
    const { text, reach } = part === "exact" ? await describeExact(size.repetitions, interruption.signal) : await describeNoisy(rounds ?? size.rounds, interruption.signal, say);
    if (interruption.signal.aborted) return interruption.code() ?? EXIT_CODE.interrupted.code;
    process.stdout.write(`${text}\n\n`);
    reached.push(reach);
  }
  if (reached.includes("missed")) return EXIT_CODE.regression.code;
  return reached.includes("disturbed") ? EXIT_CODE.contaminated.code : EXIT_CODE.fine.code;
}

try {
  process.exitCode = await validate(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof CaseFailure)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? EXIT_CODE.usage.code : EXIT_CODE.failedCase.code;
}
