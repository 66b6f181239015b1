// The runs behind the matrix of attacks: each attack on each engine, the same guests beside a well-behaved neighbour, and
// what the computing guest does alone on the bare machine.

import type { EngineDescription } from "../../engines/engine.ts";
import { ticks } from "../../engines/machine/address.ts";
import { ALONE, type Attack, layoutOf, NEIGHBOUR, type Surroundings, victimOf } from "../../workloads/attacks.ts";
import { SLEEPS_FOR_EVER } from "../../workloads/host-programs.ts";
import { REACHER, reachLayout } from "../../workloads/reach.ts";
import type { Layout } from "../../workloads/workload.ts";
import type { BenchCase } from "../case.ts";
import type { MachineCase } from "../case-machine.ts";
import { configurationOf, imageSums } from "../configuration.ts";
import { disk, diskOf, trafficOf } from "./bait.ts";

/** 1 ms, so that a window has many periods; in ticks. */
export const PERIOD = ticks(10_000);

export type IsolationCase = BenchCase & Pick<MachineCase, "disk"> & {
  /** Absent: the hostile guests behave. */
  readonly attack?: Attack;
  /** Cases with the same are compared. */
  readonly setting: string;
  /** Position of the honest guest that attacks are aimed at. */
  readonly victim: number;
  /** It is tried what a guest can reach: no attack. */
  readonly reach?: true;
};

type Settings = Readonly<Record<string, string>>;

export function attackCase(attack: Attack, engine: EngineDescription, harts: number, settings: Settings): IsolationCase {
  return { ...caseOf(`attack-${attack.name}`, engine, harts, settings, attack, attack.act), attack };
}

export function neighbourCase(attack: Attack, engine: EngineDescription, harts: number, settings: Settings): IsolationCase {
  const { channels, pairs = false, devices, vcpus = 1, processes } = attack;
  const name = [
    "attack-none", ...(channels === "computing" ? ["channels"] : channels === "reader" ? ["reader"] : []), ...(pairs ? ["pairs"] : []),
    ...(devices === undefined ? [] : [devices]), ...(vcpus > 1 ? [`vcpus-${vcpus}`] : []),
    ...(processes === undefined ? [] : [`processes-${processesOn(1, attack)}`]),
  ].join("-");
  return caseOf(name, engine, harts, settings, attack, NEIGHBOUR);
}

/** The machine on which is tried what a guest can reach. */
export function reachCase(engine: EngineDescription, harts: number, settings: Settings): IsolationCase {
  const machine = machineOf("reach", engine, harts, settings, reachLayout(harts));
  return { ...machine, setting: ["reach", engine.name, harts].join(" "), victim: REACHER, reach: true, disk: disk() };
}

/** The computing guest alone. */
export function aloneCase(bare: EngineDescription): IsolationCase {
  return { ...machineOf("attack-none-alone", bare, 1, {}, ALONE), setting: "", victim: 0 };
}

function caseOf(workload: string, engine: EngineDescription, harts: number, settings: Settings, surroundings: Surroundings, act: string): IsolationCase {
  const { channels = "", pairs = false, devices, vcpus = 1 } = surroundings;
  const processes = processesOn(harts, surroundings);
  const traffic = trafficOf(devices);
  const image = diskOf(devices);
  const layout = layoutOf(surroundings, act, harts);
  const machine = machineOf(workload, engine, harts, { ...settings, ...(devices === "switch" ? { nic: "switch" } : {}) }, layout);
  return {
    ...machine,
    ...(processes === 0 ? {} : { configuration: { ...machine.configuration, processes: Array.from({ length: processes }, () => SLEEPS_FOR_EVER) } }),
    victim: layout.guests.findIndex(({ name }) => name === victimOf(surroundings)),
    setting: [engine.name, harts, channels, pairs, devices ?? "", vcpus, processes, ...Object.values(machine.options)].join(" "),
    ...(traffic === undefined ? {} : { traffic }),
    ...(image === undefined ? {} : { disk: image }),
  };
}

/** Processes of the host's own. */
const processesOn = (harts: number, { processes = [], targets = [] }: Surroundings): number => harts * processes.length * targets.length;

function machineOf(workload: string, engine: EngineDescription, harts: number, settings: Settings, layout: Layout): BenchCase {
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
