// One case: a workload on an engine with so many harts.

import type { Configuration } from "../engines/engine.ts";
import type { EngineName } from "../engines/engines.ts";

export interface BenchCase {
  readonly workload: string;
  readonly engine: EngineName;
  /** Every engine option that differs from its default. */
  readonly options: Readonly<Record<string, string>>;
  readonly harts: number;
  readonly configuration: Configuration;
  /** Digest of one unit, by VM; undefined for a VM whose units have none. */
  readonly digests: readonly (bigint | undefined)[];
  /** SHA-256 of the images. */
  readonly image: string;
  /** The pass that times locks: its throughput is not reported. */
  readonly lockTiming: boolean;
}

export function caseLabel({ workload, engine, options, harts }: BenchCase): string {
  return `${workload} on ${[engine, ...optionWords(options)].join(" ")}, ${harts} ${harts === 1 ? "hart" : "harts"}`;
}

export const optionWords = (options: Readonly<Record<string, string>>): string[] =>
  Object.entries(options).map(([name, value]) => `${name}=${value}`);
