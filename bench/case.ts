// One case: a workload on an engine with so many harts.

import type { Configuration, EngineName } from "../engines/engine.ts";
import { caseKey } from "./results/schema.ts";
import type { CaseTraffic } from "./traffic/case-traffic.ts";

export interface BenchCase {
  readonly workload: string;
  readonly engine: EngineName;
  /** Engine options and workload parameters that differ from their defaults. */
  readonly options: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly harts: number;
  readonly configuration: Configuration;
  /** Whether a VM's units are the workload's, by VM. */
  readonly counted: readonly boolean[];
  /** Digest of one unit, of every VM. */
  readonly unitDigest: bigint;
  /** What arrives at the machine's ports, where a workload has any; results are then checked where frames depart. */
  readonly traffic?: CaseTraffic | undefined;
  /** SHA-256 of the images. */
  readonly image: string;
  /** Bytes of the guests that the engine has to trust. */
  readonly trustedGuestBytes: number;
  /** The pass that times locks: its throughput is not reported. */
  readonly lockTiming: boolean;
}

/** vCPUs of all its guests together. */
export function vcpusOf({ configuration }: BenchCase): number {
  return configuration.vms.reduce((sum, { vcpus }) => sum + vcpus, 0);
}

export function caseLabel(benchCase: BenchCase): string {
  const { workload, engine, harts } = benchCase;
  return `${workload} on ${[engine, ...settingWords(benchCase)].join(" ")}, ${harts} ${harts === 1 ? "hart" : "harts"}`;
}

/** What rows of it have as their `caseKey`. */
export const keyOfCase = (benchCase: BenchCase): string => caseKey({ ...benchCase, options: settingWords(benchCase).join(" ") });

/** Everything that differs from its default, as `name=value` words. */
export function settingWords({ options, parameters }: BenchCase): string[] {
  return Object.entries({ ...options, ...parameters }).map(([name, value]) => `${name}=${value}`);
}
