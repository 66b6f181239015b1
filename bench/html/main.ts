// `npm run report`: from the command line to the exit code.

import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { report } from "./report.ts";

try {
  process.exitCode = await report(process.argv.slice(2), ENGINES, ENGINES.uniprocessor, CATALOGUE);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = EXIT_CODE.usage.code;
}
