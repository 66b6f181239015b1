// `npm run merge`: puts the rows of several jobs together.

import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { splitArguments } from "../flags.ts";
import { openWork } from "../open-work.ts";
import { formatReport } from "../report/report.ts";
import { readEnvironment } from "../results/environment.ts";
import { UnwrittenRows } from "../results/csv.ts";
import { readInputs } from "../resume/inputs.ts";
import { requestOf, requireSame } from "../resume/open.ts";
import { vocabularyOf } from "../vocabulary.ts";
import { unite, wholeRun } from "./merge.ts";

const HELP = `npm run merge -- DIR... [--results DIR]

Puts together what jobs with --shard 1/n to n/n have measured, so that the files are those of one run without --shard.

DIR...         the folders that the jobs had as --results, be it one that they shared or one for each
--results DIR  where the files go (default: results)
--help         this

Exit codes: 0 merged; 1 the folders cannot be used: a shard is missing, has not finished or is of another run, or this is not
the revision that they were made by; 2 merged, and a case has failed; 3 two jobs measured a case differently, and nothing was
merged; 6 the files could not be written.
`;

function merge(words: readonly string[]): number {
  const { values: { results = "results", help }, positionals: folders } = splitArguments(words, { results: { type: "string" }, help: { type: "boolean", short: "h" } });
  if (help === true) {
    process.stdout.write(HELP);
    return EXIT_CODE.fine.code;
  }
  if (folders.length === 0) throw new UsageError("no folders are named: npm run merge -- DIR...");
  const { journals, record } = wholeRun(folders);
  const engines = Object.values(ENGINES);
  const environment = readEnvironment(new Date(), words);
  const request = { ...requestOf(record, { resultsFolder: results, resume: false, shard: undefined, json: false }, vocabularyOf(engines, CATALOGUE)), clock: "model" } as const;
  const { exact, profile } = openWork(request, engines, CATALOGUE, environment);
  requireSame("since the shards were measured", record, readInputs(profile, request.pcap), environment.revision);
  if (exact === undefined) throw new RangeError("shards are of the model clock");
  const { rows, differing } = unite(exact, journals);
  if (differing.length > 0) {
    process.stdout.write(["Cases that two jobs measured differently", ...differing.map((label) => `  ${label}`), ""].join("\n"));
    return EXIT_CODE.notRepeated.code;
  }
  exact.write(rows, true);
  process.stdout.write(`${[formatReport(rows), exact.files().join("\n")].join("\n\n")}\n`);
  return rows.some(({ status }) => status === "failed") ? EXIT_CODE.failedCase.code : EXIT_CODE.fine.code;
}

try {
  process.exitCode = merge(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof UnwrittenRows)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? EXIT_CODE.usage.code : EXIT_CODE.unwritten.code;
}
