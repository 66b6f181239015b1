// The files of one run: results/wall/<host>/<run>.csv, and the record of the host beside it; results/model/<run>.csv, for
// what the model clock gave of cases that are not kept for good.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../exit-code.ts";
import { createCsv } from "./csv.ts";
import { type Environment, runName } from "./environment.ts";

export interface RunFiles {
  readonly csv: string;
  readonly environment: string;
}

/** Creates both files. Throws a UsageError when the folder cannot be written. */
export function createRunFiles(folder: string, environment: Environment): RunFiles {
  const base = join(folder, "wall", environment.host.replaceAll(/[^\w.-]/g, "_"), runName(environment));
  const files = { csv: `${base}.csv`, environment: `${base}.json` };
  try {
    createCsv(files.csv);
    writeFileSync(files.environment, `${JSON.stringify(environment, undefined, 2)}\n`);
  } catch (error) {
    throw new UsageError(`results cannot be written to ${folder}: ${(error as Error).message.split("\n")[0]}`);
  }
  return files;
}

/** Where no file is yet. */
export const modelFile = (folder: string, environment: Environment): string => join(folder, "model", `${runName(environment)}.csv`);
