// `npm run history`: from the command line to the exit code.

import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { history } from "./history.ts";

try {
  process.stdout.write(`${history(process.argv.slice(2), process.cwd())}\n`);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = EXIT_CODE.usage.code;
}
