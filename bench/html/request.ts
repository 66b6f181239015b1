// The command line of `npm run report`.

import { UsageError } from "../exit-code.ts";
import { splitArguments } from "../flags.ts";

export interface ReportRequest {
  /** Files and folders of results. */
  readonly inputs: readonly string[];
  /** Where the page goes; figures go to a folder beside it. */
  readonly out: string;
}

const DEFAULT_INPUT = "results";
const DEFAULT_OUT = "results/report.html";

const FLAGS = { out: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

export const REPORT_HELP = `npm run report -- [FOLDER|FILE ...] [--out FILE]

Draws result files (CSV) as one page that needs no network, and each of its figures as SVG and PNG in a folder
"figures" beside it.

  FOLDER      all result files below it; of runs, the last of each host (default: ${DEFAULT_INPUT})
  FILE        this result file
  --out FILE  the page (default: ${DEFAULT_OUT})
  --help      print this

Exit codes
  0  the page was written
  1  the command line or a file cannot be used; nothing was written`;

/** Throws a UsageError of one line, or answers "help". */
export function parseReportCommand(words: readonly string[]): ReportRequest | "help" {
  const { values, positionals } = splitArguments(words, FLAGS);
  if (values.help === true) return "help";
  if (values.out === "") throw new UsageError("--out needs a file");
  return { inputs: positionals.length === 0 ? [DEFAULT_INPUT] : positionals, out: values.out ?? DEFAULT_OUT };
}
