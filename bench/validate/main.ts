// `npm run validate`: the model clock against what others measured, what theory has in closed form, and the wall clock.

import { availableParallelism } from "node:os";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { CaseFailure } from "../failure.ts";
import { splitWords } from "../flags.ts";
import { didYouMean } from "../nearest.ts";
import { DEFAULT_PROFILE, loadProfile, type Profile } from "../model/profile.ts";
import { compareWithWall } from "./against-wall.ts";
import { describeBigLock } from "./big-lock.ts";
import { describeClosedForm } from "./closed-form.ts";
import { describeExitPath } from "./exit-path.ts";
import { describeLockKinds } from "./lock-kinds.ts";

const HELP = `npm run validate -- [--only PART] [--profile NAME|FILE]

Prints what the model clock predicts beside a reference, and the deviation, part by part:
  closed-form  a first-come-first-served lock against the machine-repairman model
  locks        how handovers grow with the harts that wait, against what is published
  big-lock     1 to 4 cores under a big lock, against sel4bench's published figures (profile imx8mm)
  exits        an exit on hosted, in kernel, VMM and between, against uniprocessor's and what is published
  wall         ratios between engines and from 1 to 2 harts, against the wall clock of this host

--only PART     one of these
--profile NAME  what closed-form, locks, exits and wall are predicted with, a name or a file; ${DEFAULT_PROFILE} unless given
--help          this

Exit codes: 0 everything was compared, however far apart it is; 1 the command line or the profile cannot be used; 2 a case
failed, and its part is missing; 5 the host took the CPU away from the wall clock's part, and its figures say little.
`;

/** Prints its part; answers an exit code. */
type Part = (profile: Profile) => number | Promise<number>;

const says = (describe: (profile: Profile) => string): Part => (profile) => {
  process.stdout.write(`${describe(profile)}\n`);
  return EXIT_CODE.fine.code;
};

const PARTS: Readonly<Record<string, readonly [title: string, part: Part]>> = {
  "closed-form": ["A lock as a queue, against queueing theory", says(describeClosedForm)],
  locks: ["Kinds of lock, against what is published", says(describeLockKinds)],
  "big-lock": ["A big lock, against sel4bench (seL4/sel4bench-results, run 28232247301)", says(describeBigLock)],
  exits: ["Exits of a hosted hypervisor, part by part", says(describeExitPath)],
  wall: ["Engines, against the wall clock of this host", againstWall],
};

async function againstWall(profile: Profile): Promise<number> {
  try {
    const { text, disturbed } = await compareWithWall(profile, availableParallelism());
    process.stdout.write(`${text}\n`);
    if (!disturbed) return EXIT_CODE.fine.code;
    process.stdout.write("warning: other work had the CPU in nearly every round: these figures say little. Stop it, and run again.\n");
    return EXIT_CODE.contaminated.code;
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    process.stdout.write(`failed: ${error.message}\n`);
    return EXIT_CODE.failedCase.code;
  }
}

async function validate(words: readonly string[]): Promise<number> {
  const { help, only, profile: given } = splitWords(words, { help: { type: "boolean" }, only: { type: "string" }, profile: { type: "string" } });
  if (help === true) {
    process.stdout.write(HELP);
    return EXIT_CODE.fine.code;
  }
  if (only !== undefined && !(only in PARTS)) throw new UsageError(`--only ${only}: there are ${Object.keys(PARTS).join(", ")}${didYouMean(only, Object.keys(PARTS))}`);
  const profile = loadProfile(given ?? DEFAULT_PROFILE);
  const codes: number[] = [];
  for (const [name, [title, part]] of Object.entries(PARTS)) {
    if (only !== undefined && only !== name) continue;
    process.stdout.write(`\n${title}\n\n`);
    codes.push(await part(profile));
  }
  return codes.find((code) => code !== EXIT_CODE.fine.code) ?? EXIT_CODE.fine.code;
}

try {
  process.exitCode = await validate(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = EXIT_CODE.usage.code;
}
