// The command: from its words to an exit code, by way of the sides, what is granted and accepted, and the verdict.

import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { columns, type Flag, flagLines, splitArguments } from "../flags.ts";
import { accept, ACCEPTED_FILE, proposeLines, readAccepted } from "./accepted.ts";
import { compareRows } from "./compare.ts";
import { Limits, LIMITS_FILE } from "./limits.ts";
import { markdownComparison } from "./markdown.ts";
import { baseSide, newSide, rowsOf } from "./sides.ts";
import { formatComparison } from "./text.ts";
import { judgeComparison } from "./verdict.ts";

const FLAGS = {
  limits: { type: "string", value: "FILE", doc: `how much worse figures may be (default: ${LIMITS_FILE}; no line: not at all)` },
  accepted: { type: "string", value: "FILE", doc: `changes that were reviewed and accepted (default: ${ACCEPTED_FILE})` },
  markdown: { type: "string", value: "FILE", doc: "write a summary in Markdown too (default: append it to $GITHUB_STEP_SUMMARY where that is set)" },
  help: { type: "boolean", short: "h", doc: "print this" },
} as const satisfies Record<string, Flag>;

const EXAMPLES = [
  ["npm run compare", "what this tree's results/exact has become since the branch left main"],
  ["npm run compare -- v1.0", "since a tag"],
  ["npm run compare -- HEAD~5 HEAD", "between two commits"],
  ["npm run compare -- main:results/exact/graviton3/contend.csv contend.csv", "one file, as of a commit, and another"],
] as const;

const CODES = [EXIT_CODE.fine, EXIT_CODE.usage, EXIT_CODE.failedCase, EXIT_CODE.notCompared, EXIT_CODE.regression] as const;
const MEANINGS: Readonly<Record<number, string>> = {
  [EXIT_CODE.fine.code]: "compared, and nothing is worse than may be; better figures and those that merely moved are said",
  [EXIT_CODE.usage.code]: "the command line, a file or a revision is not usable; nothing was compared",
  [EXIT_CODE.failedCase.code]: "a case of NEW failed",
  [EXIT_CODE.notCompared.code]: "nothing was compared, or something of BASE was not: it is missing in NEW, or has another schema, profile, model revision or guest image, and nobody has accepted that",
  [EXIT_CODE.regression.code]: "a figure is worse than its limit, and nobody has accepted that",
};

const help = (): string => [
  "npm run compare -- [BASE] [NEW] [flags]", "",
  "Compares exact figures. BASE and NEW are files, folders, or git revisions, also as REVISION:PATH. Without BASE, the commit",
  "at which HEAD left main; without NEW, the working tree's results/exact.", "",
  "Flags", ...flagLines(FLAGS), "",
  "For example", ...columns(EXAMPLES), "",
  "Exit codes, of which the first that applies: 2, 10, 4, 0", ...columns(CODES.map(({ code }) => [String(code), MEANINGS[code]])),
].join("\n");

/** `folder`: where files and revisions are looked for. `stepSummary`: a file that a CI run shows. Throws a UsageError. */
export function compare(words: readonly string[], folder: string, stepSummary: string | undefined, print: (text: string) => void): number {
  const { values, positionals } = splitArguments(words, FLAGS);
  if (values.help === true) {
    print(help());
    return EXIT_CODE.fine.code;
  }
  const [baseWord, newWord, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`${others.join(" ")}: there are two sides, BASE and NEW (--help shows how to name them)`);
  const limits = Limits.read(resolve(folder, values.limits ?? LIMITS_FILE), values.limits === undefined);
  const lines = readAccepted(resolve(folder, values.accepted ?? ACCEPTED_FILE), values.accepted === undefined);
  const base = baseSide(folder, baseWord);
  const now = newSide(folder, newWord);
  const comparison = compareRows(rowsOf(base), rowsOf(now), limits);
  const acceptance = accept(comparison.findings, lines);
  const verdict = judgeComparison(comparison, acceptance);
  print(formatComparison(base, now, comparison, acceptance, verdict, proposeLines(comparison.findings, acceptance)));
  keepSummary(values.markdown === undefined ? undefined : resolve(folder, values.markdown), stepSummary, markdownComparison(base, now, comparison, acceptance, verdict));
  return verdict.code;
}

function keepSummary(file: string | undefined, stepSummary: string | undefined, markdown: string): void {
  try {
    if (file !== undefined) writeFileSync(file, markdown);
    else if (stepSummary !== undefined && stepSummary !== "") appendFileSync(stepSummary, markdown);
  } catch (error) {
    throw new UsageError(`the summary cannot be written: ${(error as Error).message.split("\n")[0]}`);
  }
}
