// Profiles: what the model clock charges, by the name of a built-in or from a user's file.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { type Cost, type CostModel, COSTS } from "../../engines/machine/model/cost-model.ts";
import { UsageError } from "../exit-code.ts";
import { didYouMean } from "../nearest.ts";
import { AT_LEAST_ONE_CYCLE, type Duration, firstFault, PROFILE_SCHEMA, ProfileFile } from "./profile-schema.ts";
import { TopologyFault, transferCycles } from "./topology.ts";

export const PROFILE_NAMES = ["spacemit-k1", "graviton3", "epyc-7r13", "imx8mm", "uniform-128"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** Measured, and with more cores than the default sweep has harts. */
export const DEFAULT_PROFILE: ProfileName = "graviton3";

/** A cost model that says which file it was made from. */
export interface Profile extends CostModel {
  readonly summary: string;
  /** First 8 hexadecimal digits of the file's SHA-256. */
  readonly hash: string;
}

export const PROFILE_FOLDER = new URL("../../profiles/", import.meta.url);
const HASH_DIGITS = 8;

/** A built-in by its name, or a file: what has a slash or ends in .json. Throws a UsageError of one line. */
export function loadProfile(nameOrFile: string): Profile {
  const path = (PROFILE_NAMES as readonly string[]).includes(nameOrFile) ? fileURLToPath(new URL(`${nameOrFile}.json`, PROFILE_FOLDER)) : nameOrFile;
  if (path === nameOrFile && !/[/\\]|\.json$/.test(path)) {
    throw new UsageError(`unknown profile ${nameOrFile}: there are ${PROFILE_NAMES.join(", ")}, and files, whose names have a slash or end in .json${didYouMean(nameOrFile, PROFILE_NAMES)}`);
  }
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`profile ${nameOrFile} cannot be read: ${(error as Error).message.split("\n")[0]}`);
  }
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS);
  try {
    return { ...costModel(checkProfile(parse(bytes.toString("utf8")))), hash };
  } catch (error) {
    if (error instanceof ProfileFault || error instanceof TopologyFault) throw new UsageError(`profile ${nameOrFile}: ${error.message}`);
    throw error;
  }
}

/** Throws a UsageError where the profile has fewer cores than the machine harts. */
export function requireCores({ name, cores }: CostModel, harts: number): void {
  if (harts > cores) throw new UsageError(`profile ${name} has ${cores} cores: a machine of ${harts} harts needs another`);
}

class ProfileFault extends Error {
  override readonly name = "ProfileFault";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ProfileFault(`not JSON: ${(error as Error).message.replaceAll(/\s+/g, " ")}`);
  }
}

function checkProfile(content: unknown): ProfileFile {
  // A profile of another version is told so, not that its fields are wrong.
  const version = v.safeParse(v.looseObject({ schema: v.number() }), content);
  if (version.success && version.output.schema !== PROFILE_SCHEMA) {
    throw new ProfileFault(`schema is version ${version.output.schema}; version ${PROFILE_SCHEMA} is supported`);
  }
  const result = v.safeParse(ProfileFile, content);
  if (!result.success) throw new ProfileFault(firstFault(result.issues));
  return result.output;
}

function costModel({ name, summary, frequency, topology, costs }: ProfileFile): Omit<Profile, "hash"> {
  const gigahertz = frequency.value;
  const inCycles = ({ value, unit }: Pick<Duration, "value" | "unit">): number => Math.round(unit === "ns" ? value * gigahertz : value);
  const cycles = Object.fromEntries(Object.keys(COSTS).map((cost) => [cost, inCycles(costs[cost as Cost])])) as Record<Cost, number>;
  for (const cost of AT_LEAST_ONE_CYCLE) {
    if (cycles[cost as Cost] === 0) throw new ProfileFault(`costs.${cost} rounds to 0 cycles: a hart that spins has to get on`);
  }
  return {
    name, summary, cores: topology.cores, gigahertz, costs: cycles, transfer: transferCycles(topology, inCycles),
  };
}
