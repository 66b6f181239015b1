// The runs behind the matrix of attacks: each attack on each engine, the same guests beside a well-behaved neighbour, and
// what the computing guest does alone on the bare machine.

import type { EngineDescription } from "../../engines/engine.ts";
import { ticks } from "../../engines/machine/address.ts";
import { ALONE, type Attack, layoutOf, NEIGHBOUR } from "../../workloads/attacks.ts";
import type { Layout } from "../../workloads/workload.ts";
import type { BenchCase } from "../case.ts";
import { configurationOf, imageSums } from "../configuration.ts";

/** 1 ms, so that a window has many periods; in ticks. */
export const PERIOD = ticks(10_000);

export type IsolationCase = BenchCase & {
  /** Absent: the hostile guests behave. */
  readonly attack?: Attack;
  /** Cases with the same are compared. */
  readonly setting: string;
};

type Settings = Readonly<Record<string, string>>;

export function attackCase(attack: Attack, engine: EngineDescription, harts: number, settings: Settings): IsolationCase {
  return inSetting(attack, { ...caseOf(`attack-${attack.name}`, engine, harts, settings, layoutOf(attack, attack.act, harts)), attack });
}

export function neighbourCase(attack: Attack, engine: EngineDescription, harts: number, settings: Settings): IsolationCase {
  const { channels = false, pairs = false, vcpus = 1 } = attack;
  const name = ["attack-none", ...(channels ? ["channels"] : []), ...(pairs ? ["pairs"] : []), ...(vcpus > 1 ? [`vcpus-${vcpus}`] : [])].join("-");
  return inSetting(attack, caseOf(name, engine, harts, settings, layoutOf(attack, NEIGHBOUR, harts)));
}

/** The computing guest alone. */
export function aloneCase(bare: EngineDescription): IsolationCase {
  return { ...caseOf("attack-none-alone", bare, 1, {}, ALONE), setting: "" };
}

function inSetting({ channels = false, pairs = false, vcpus = 1 }: Attack, benchCase: Omit<IsolationCase, "setting">): IsolationCase {
  const { engine, harts, options } = benchCase;
  return { ...benchCase, setting: [engine, harts, channels, pairs, vcpus, ...Object.values(options)].join(" ") };
}

function caseOf(workload: string, engine: EngineDescription, harts: number, settings: Settings, layout: Layout): BenchCase {
  const options = Object.entries(engine.options).flatMap(([name, option]): [string, string][] => {
    const value = settings[name];
    return value === undefined || value === option.default || !option.values.includes(value) ? [] : [[name, value]];
  });
  return {
    workload, engine: engine.name, options: Object.fromEntries(options), parameters: {}, harts,
    configuration: configurationOf(layout, harts, PERIOD), counted: layout.guests.map(({ counted }) => counted),
    unitDigest: 0n, image: imageSums(layout), trustedGuestBytes: 0, lockTiming: false,
  };
}
