// `npm run bench`: from the command line to the exit code.

import { ENGINES } from "../engines/engines.ts";
import { CATALOGUE } from "../workloads/catalogue.ts";
import { bench } from "./bench.ts";
import { EXIT_CODE, UsageError } from "./exit-code.ts";

try {
  process.exitCode = await bench(process.argv.slice(2), Object.values(ENGINES), CATALOGUE);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = EXIT_CODE.usage.code;
}
