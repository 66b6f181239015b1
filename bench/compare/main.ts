// `npm run compare`: exact figures of two revisions, folders or files, and an exit code that can be trusted.

import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { compare } from "./command.ts";
import { OtherSchema } from "./result-file.ts";

try {
  process.exitCode = compare(process.argv.slice(2), process.cwd(), process.env["GITHUB_STEP_SUMMARY"], (text) => process.stdout.write(`${text}\n`));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = error instanceof OtherSchema ? EXIT_CODE.notCompared.code : EXIT_CODE.usage.code;
}
