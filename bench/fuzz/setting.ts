// The machines that an engine is fuzzed on: how many harts, which options and devices, and beside the fuzzing guests, honest ones.

import type { Configuration, EngineDescription, EngineName, Options } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { ticks } from "../../engines/machine/address.ts";
import { ALONE, COMPUTES, SLEEPS } from "../../workloads/attacks.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import type { Guest, Layout } from "../../workloads/workload.ts";
import type { MachineCase } from "../case-machine.ts";
import { configurationOf } from "../configuration.ts";
import { PERIOD } from "../isolation/cases.ts";
import type { Random } from "./random.ts";

/** Engines that promise to keep guests apart. */
export const FUZZED: readonly EngineName[] = Object.values<EngineDescription>(ENGINES).filter(({ claims }) => claims.memoryIsolation).map(({ name }) => name);

/** Guests of two harts each that execute operations. */
export const FUZZING = 2;
const DISK_BYTES = 64 * 512;
/** Guests with devices cannot be started again. */
const NO_RESTARTS: Options = { restart: "off" };

export interface Setting extends MachineCase {
  /** Digest of a unit of each honest guest, by index in the configuration; absent for those that are not. */
  readonly digests: readonly (bigint | undefined)[];
}

export function settingOf(name: EngineName, random: Random): Setting {
  const engine: EngineDescription = ENGINES[name];
  const harts = Math.min(engine.maximumHarts, random.pick([1, 2, 2, 3]));
  const options: Options = { ...Object.fromEntries(Object.entries(engine.options).map(([option, { values }]) => [option, random.pick(values)])), ...(engine.options["restart"] === undefined ? {} : NO_RESTARTS) };
  const layout = layoutOf(harts);
  const configuration: Configuration = {
    ...configurationOf(layout, harts, PERIOD),
    nics: layout.guests.slice(0, FUZZING).map((_, owner) => ({ port: owner, owner })),
    disk: { owner: 0 },
  };
  const vms = configuration.vms.map((vm, index) => ({ ...vm, share: { budget: ticks(Math.floor(PERIOD / mostOnOneHart(layout))), period: PERIOD }, serial: index < FUZZING }));
  return {
    engine: name, harts, options, configuration: { ...configuration, vms }, disk: new Uint8Array(DISK_BYTES),
    digests: layout.guests.map(({ image, counted }) => (counted ? CATALOGUE.find((workload) => workload.name === image)?.unitDigest : undefined)),
  };
}

/** vCPUs where an engine that places guests at boot has most, so that their shares fit. */
function mostOnOneHart({ guests }: Layout): number {
  const counts: number[] = [];
  for (const { hart, vcpus = 1 } of guests) counts[hart] = (counts[hart] ?? 0) + vcpus;
  return Math.max(...counts);
}

function layoutOf(harts: number): Layout {
  const fuzzing = Array.from({ length: FUZZING }, (_, index): Guest => ({ name: `fuzzing-${index}`, image: "fuzz", bootArguments: "", vcpus: 2, hart: index % harts, counted: false }));
  const honest = [COMPUTES, SLEEPS].map((image, index): Guest => ({
    name: image, image: image as Guest["image"], bootArguments: index === 0 ? ALONE.guests[0].bootArguments : "ahead=200", hart: index % harts, counted: true,
  }));
  // Between both fuzzing guests, and from each to an honest one.
  const ends = [[0, 1], [0, 2], [1, 3]] as const;
  return { guests: [...fuzzing, ...honest], channels: ends.map(([one, other]) => ({ name: `channel-${one}-${other}`, ends: [one, other], windowBytes: 0x1000 })) };
}

