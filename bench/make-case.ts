// One case from a workload, an engine, a number of harts and what was set for them.

import type { EngineDescription } from "../engines/engine.ts";
import { planWorkload } from "../workloads/plan.ts";
import type { Layout, Workload } from "../workloads/workload.ts";
import type { BenchCase } from "./case.ts";
import { configurationOf, imageSums } from "./configuration.ts";
import { loadedBytes, trustsGuests } from "./tcb/guest-bytes.ts";
import type { CaseTraffic } from "./traffic/case-traffic.ts";

/** For every engine and workload that has the name. */
type Settings = Readonly<Record<string, string>>;

/** The engine option that times locks. */
export const LOCK_TIMING = "lock-timing";
/** The parameter that says how many guests a workload has for each hart. */
const GUESTS = "guests";

export function makeCase(
  workload: Workload, engine: EngineDescription, harts: number, settings: Settings, trafficOf: (layout: Layout) => CaseTraffic | undefined,
): BenchCase {
  const parameters = chosenParameters(settings, workload, engine);
  const layout = planWorkload(workload, harts, parameters);
  const options = Object.fromEntries(Object.entries(engine.options)
    .map(([name, option]) => [name, settings[name], option] as const)
    .filter(([, value, option]) => value !== undefined && value !== option.default && option.values.includes(value))
    .map(([name, value]) => [name, value]));
  const configuration = configurationOf(layout, harts);
  const trusted = trustsGuests(engine.claims) ? configuration.vms.map((vm) => loadedBytes(vm.image)) : [];
  return {
    workload: workload.name,
    engine: engine.name,
    options,
    parameters: isBaseline(engine) ? without(parameters, GUESTS) : parameters,
    harts,
    configuration,
    counted: layout.guests.map((guest) => guest.counted),
    unitDigest: workload.unitDigest,
    traffic: trafficOf(layout),
    image: imageSums(layout),
    trustedGuestBytes: trusted.reduce((sum, bytes) => sum + bytes, 0),
    lockTiming: options[LOCK_TIMING] === "on",
  };
}

/** The baseline has no vendor extension, and as many harts as its guest has vCPUs. */
export function runsOn(engine: EngineDescription, workload: Workload, harts: number, settings: Settings): boolean {
  if (harts > engine.maximumHarts) return false;
  const { guests } = planWorkload(workload, harts, chosenParameters(settings, workload, engine));
  if (guests.length > engine.maximumVms) return false;
  return !isBaseline(engine) || (workload.standardInterface && guests.every(({ vcpus = 1 }) => vcpus === harts));
}

/** Parameters that differ from their defaults. The baseline always runs one guest. */
function chosenParameters(settings: Settings, workload: Workload, engine: EngineDescription): Record<string, string> {
  const asked = Object.fromEntries(Object.keys(workload.parameters)
    .map((name) => [name, settings[name]] as const)
    .filter(([name, value]) => value !== undefined && value !== workload.parameters[name].default)
    .map(([name, value]) => [name, value]));
  return isBaseline(engine) && GUESTS in workload.parameters ? { ...asked, [GUESTS]: "1" } : asked;
}

/** Engines that run one guest without any vendor extension: what the others are measured against. */
const isBaseline = (engine: EngineDescription): boolean => engine.maximumVms === 1;

const without = (settings: Settings, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name));
