// The machines of the fault campaign, one for each engine.

import type { EngineDescription } from "../../engines/engine.ts";
import { ticks } from "../../engines/machine/address.ts";
import { faultLayout } from "../../workloads/faults.ts";
import type { BenchCase } from "../case.ts";
import { configurationOf, imageSums } from "../configuration.ts";

/** 0.1 ms, so that everybody has many turns in a short run. */
const PERIOD = ticks(1_000);
/** A hart beside the victim's, where the engine has more than one: that one must not be lost either. */
const MOST_HARTS = 2;

export const DEFAULT_FAULTS = 1_000;
/** Fewer where guests are started again, which takes machines longer. */
export const RESTARTED_FAULTS = 250;
export const DEFAULT_SEED = 1;
/** What a fault takes a thread, roughly: measured on a 2-core host, for estimates only. */
export const FAULT_MS = 12;

export type FaultCase = BenchCase & {
  readonly seed: number;
  readonly faults: number;
};

type Settings = Readonly<Record<string, string>>;

export function faultCase(engine: EngineDescription, harts: number | undefined, settings: Settings, seed: number, faults: number): FaultCase {
  const count = harts ?? Math.min(MOST_HARTS, engine.maximumHarts);
  const layout = faultLayout(count);
  const options = Object.entries(engine.options).flatMap(([name, option]): [string, string][] => {
    const value = settings[name];
    return value === undefined || value === option.default || !option.values.includes(value) ? [] : [[name, value]];
  });
  return {
    workload: "faults", engine: engine.name, options: Object.fromEntries(options), harts: count,
    parameters: { ...(faults === (settings["restart"] === "on" ? RESTARTED_FAULTS : DEFAULT_FAULTS) ? {} : { faults: String(faults) }), ...(seed === DEFAULT_SEED ? {} : { seed: String(seed) }) },
    configuration: configurationOf(layout, count, PERIOD), counted: layout.guests.map(({ counted }) => counted),
    unitDigest: 0n, image: imageSums(layout), trustedGuestBytes: 0, lockTiming: false, seed, faults,
  };
}
