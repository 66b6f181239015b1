// `npm run fuzz`: what any guest can do to an engine, at random, beside honest guests.

import { availableParallelism } from "node:os";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { DEFAULT_PROFILE, loadProfile } from "../model/profile.ts";
import { fuzzEngines } from "./campaign.ts";
import { describeCoverage } from "./coverage.ts";
import { type ImageFailure, ImageFuzzer, IMAGE_KINDS } from "./images.ts";
import { seedOf } from "./random.ts";
import { describeEngines, describeFailure, describeImageFailure, describeImages } from "./report.ts";
import { FUZZ_HELP, type FuzzRequest, parseFuzzCommand } from "./request.ts";

/** Malformed files for each operation on an engine. */
const IMAGES_PER_CALL = 0.1;
/** Of so many failures of images, all look alike. */
const MOST_IMAGE_FAILURES = 10;

async function fuzz(request: FuzzRequest): Promise<number> {
  const { engines, images, calls, seconds, seed } = request;
  const begun = performance.now();
  let failures = 0;
  if (images) failures += fuzzImages(seed, Math.max(1, Math.ceil(calls * IMAGES_PER_CALL)), begun + 1000 * seconds);
  if (engines.length > 0) {
    const tallies = await fuzzEngines(
      { engines, seed, calls, milliseconds: 1000 * seconds - (performance.now() - begun), threads: availableParallelism(), costs: loadProfile(DEFAULT_PROFILE) },
      (tally, outcome) => {
        process.stderr.write(`${tally.engine}: ${tally.calls} of ${calls} operations, ${tally.machines} machines, ${tally.failures.length} failures\n`);
        if (outcome.failure !== undefined) process.stdout.write(`${describeFailure(outcome)}\n`);
      },
    );
    process.stdout.write(`${describeEngines(tallies, performance.now() - begun)}\n`);
    failures += tallies.reduce((sum, tally) => sum + tally.failures.length, 0);
  }
  return failures === 0 ? EXIT_CODE.fine.code : EXIT_CODE.failedCase.code;
}

function fuzzImages(seed: number, count: number, end: number): number {
  const fuzzer = new ImageFuzzer();
  const failures: ImageFailure[] = [];
  for (let index = 0; index < count && performance.now() < end && failures.length < MOST_IMAGE_FAILURES; index++) {
    for (const kind of IMAGE_KINDS) {
      const failure = fuzzer.try(kind, seedOf(seed, index));
      if (failure !== undefined) failures.push(failure);
    }
  }
  process.stdout.write([...failures.map(describeImageFailure), describeImages(fuzzer.tallies.values(), failures), "", ""].join("\n"));
  return failures.length;
}

try {
  const request = parseFuzzCommand(process.argv.slice(2));
  if (request === "help") process.stdout.write(FUZZ_HELP);
  else if (request.coverage) process.stdout.write(`${await describeCoverage(request)}\n`);
  else process.exitCode = await fuzz(request);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`tcbench: ${error.message}\n`);
  process.exitCode = EXIT_CODE.usage.code;
}
