// The record of the host a run was made on, and the revision of the sources.

import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, hostname, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { type HostState, readHostState } from "../noise/host-state.ts";

export interface Environment {
  readonly started: string;
  readonly host: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** What it was doing when the run began. */
  readonly state: HostState;
  readonly revision: string;
  readonly command: readonly string[];
}

/** What files of its run are called. */
export const runName = ({ started }: Environment): string => started.replaceAll(/[-:]/g, "").replace(".", "-");

export function readEnvironment(started: Date, command: readonly string[]): Environment {
  return {
    started: started.toISOString(),
    host: hostname(),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    state: readHostState(),
    revision: revision(),
    command,
  };
}

/** Git revision of the sources, with `+` when they have changes; empty outside a checkout. */
function revision(): string {
  const git = (...words: string[]) => execFileSync("git", words, {
    cwd: fileURLToPath(new URL("../..", import.meta.url)), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  try {
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return "";
  }
}
