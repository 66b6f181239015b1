// What the rows of a run depend on beside its command line: two parts of one run must have been made from the same.

import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Profile } from "../model/profile.ts";

/** A checksum of each; empty where a run has none. */
export interface Inputs {
  readonly sources: string;
  readonly images: string;
  readonly profile: string;
  readonly capture: string;
}

/** What to call them, and what to do when they have changed. */
export const INPUTS: Readonly<Record<keyof Inputs, readonly [name: string, remedy: string]>> = {
  sources: ["the sources have", "check out the revision that it was begun with"],
  images: ["the guests' images have", "check out the revision that it was begun with"],
  profile: ["the profile has", "give the one that it was begun with"],
  capture: ["the capture has", "give the one that it was begun with"],
};

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Everything that tcbench runs. */
const SOURCES = ["engines/**/*.ts", "bench/**/*.ts", "workloads/**/*.ts"];
const IMAGES = ["workloads/images/**/*.elf"];

export function readInputs(profile: Profile | undefined, capture: string | undefined): Inputs {
  return {
    sources: sumOfFiles(SOURCES),
    images: sumOfFiles(IMAGES),
    profile: profile === undefined ? "" : `${profile.name}@${profile.hash}`,
    capture: capture === undefined ? "" : sum([readFileSync(capture)]),
  };
}

const sumOfFiles = (patterns: readonly string[]): string => (
  sum(globSync([...patterns], { cwd: ROOT }).sort().flatMap((path) => [path, readFileSync(`${ROOT}/${path}`)])));

function sum(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}\n`).update(part);
  return hash.digest("hex").slice(0, DIGITS);
}

const DIGITS = 16;
