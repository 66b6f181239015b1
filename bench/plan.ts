// Which cases a request means, in which order, and how long each is measured.

import type { EngineDescription, Options } from "../engines/engine.ts";
import { planWorkload } from "../workloads/plan.ts";
import type { Layout, Workload } from "../workloads/workload.ts";
import type { BenchCase } from "./case.ts";
import type { BenchRequest } from "./cli.ts";
import { configurationOf, imageSums } from "./configuration.ts";
import { UsageError } from "./exit-code.ts";
import type { Timing } from "./measure.ts";
import { loadedBytes, trustsGuests } from "./tcb/guest-bytes.ts";
import type { CapturedFrame } from "./traffic/captured-frame.ts";
import { type CaseTraffic, checkCaptured } from "./traffic/case-traffic.ts";

export interface Plan {
  readonly cases: readonly BenchCase[];
  readonly timing: Timing;
}

/** What a full and a quick run measure unless told otherwise. */
const FULL = {
  workloads: [
    "compute-hash", "hypercall-base", "hypercall-yield",
    "timer", "channel-pingpong", "channel-stream", "contend", "legacy", "ipi", "smp-guest", "paging-switch", "paging-fault",
    "forward", "pipeline",
  ],
  timing: { windowMs: 80, samples: 8, warmUpMs: 600 },
} as const;
const QUICK = {
  workloads: ["compute-hash", "channel-pingpong", "contend", "legacy", "forward"],
  timing: { windowMs: 40, samples: 5, warmUpMs: 350 },
} as const;
const DEFAULT_HARTS = [1, 2];
/** Workloads that show the price of something a guest does on its own hart: measured on one, unless told otherwise. */
const ON_ONE_HART: readonly string[] = ["hypercall-base", "hypercall-yield", "timer", "paging-switch", "paging-fault", "forward"];
/** Workloads that need harts to be spread over: measured on the most that there are, unless told otherwise. */
const ON_MOST_HARTS: readonly string[] = ["pipeline"];
/** The workload whose highest rate without loss is searched on one hart without being asked. */
const SEARCH_WORKLOAD = "forward";
/** The workload whose locks are timed without being asked. */
const LOCK_WORKLOAD = "contend";
/** The parameter that says how many guests a workload has for each hart. */
const GUESTS = "guests";
const LOCK_TIMING = { name: "lock-timing", value: "on" } as const;

const WATCHDOG_MS = 5_000;
/** Start-up of a case's threads and machine, and its end: measured on a 2-core host, for estimates only. */
const CASE_OVERHEAD_MS = 450;
const WINDOW_OVERHEAD_MS = 4;
/** A case with traffic: frames are generated, then latency is measured under a load, then the highest rate without loss is searched. */
const TRAFFIC_MS = 200;
const LATENCY_MS = 350;
const SEARCH_MS = 1_800;

/** Throws a UsageError when the request asks for what no host or engine can do. `captured`: the frames that arrive, instead of generated ones. */
export function planCases(
  request: BenchRequest, engines: readonly EngineDescription[], workloads: readonly Workload[], cores: number, captured?: readonly CapturedFrame[],
): Plan {
  const preset = request.quick ? QUICK : FULL;
  const names: readonly string[] = request.workloads ?? preset.workloads;
  const harts = chooseHarts(request, cores);
  const cases = workloads.filter((workload) => names.includes(workload.name)).flatMap((workload) => (
    engines.filter((engine) => request.engines?.includes(engine.name) ?? true).flatMap((engine) => {
      const usable = harts.filter((count) => runsOn(engine, workload, count, chosenParameters(request, workload, engine)));
      return chooseOf(usable, request, workload).flatMap((count) => passes(request, workload, engine, count, captured));
    })
  ));
  if (cases.length === 0) throw new UsageError("no selected workload runs on a selected engine with so many harts");
  const logged = cases.findIndex(({ traffic }) => traffic !== undefined);
  if (logged < 0 && (request.pcap ?? request.pcapOut) !== undefined) throw new UsageError("no selected workload has traffic that a capture could replace or record");
  for (const { traffic } of cases) if (traffic !== undefined) checkCaptured(traffic);
  return {
    cases: cases.map((benchCase, index) => (request.pcapOut !== undefined && index === logged ? withLog(benchCase) : benchCase)),
    timing: {
      windowMs: request.windowMs ?? preset.timing.windowMs,
      samples: request.samples ?? preset.timing.samples,
      warmUpMs: preset.timing.warmUpMs,
      watchdogMs: WATCHDOG_MS,
    },
  };
}

/** How long a plan takes, roughly. */
export function estimateMs({ cases, timing }: Plan): number {
  const traffic = cases.flatMap((benchCase) => benchCase.traffic ?? []);
  return cases.length * (CASE_OVERHEAD_MS + timing.warmUpMs + timing.samples * (timing.windowMs + WINDOW_OVERHEAD_MS))
    + traffic.length * TRAFFIC_MS + traffic.filter(({ latency }) => latency).length * LATENCY_MS + traffic.filter(({ search }) => search).length * SEARCH_MS;
}

const withLog = (benchCase: BenchCase): BenchCase => (
  benchCase.traffic === undefined ? benchCase : { ...benchCase, traffic: { ...benchCase.traffic, log: true } });

function chooseHarts(request: BenchRequest, cores: number): number[] {
  if (request.harts === undefined) return DEFAULT_HARTS.filter((count) => count <= cores || count === 1);
  const tooMany = request.harts.find((count) => count > cores);
  if (tooMany !== undefined && !request.allowOversubscription) {
    throw new UsageError(`--harts ${tooMany}: this host has ${cores} ${cores === 1 ? "core" : "cores"}; --allow-oversubscription measures it anyway and marks the rows`);
  }
  return [...request.harts].sort((a, b) => a - b);
}

/** Of the numbers of harts that an engine can have, in ascending order. */
function chooseOf(usable: readonly number[], { harts, quick }: BenchRequest, { name }: Workload): readonly number[] {
  if (harts !== undefined) return usable;
  if (ON_ONE_HART.includes(name)) return usable.slice(0, 1);
  return quick || ON_MOST_HARTS.includes(name) ? usable.slice(-1) : usable;
}

/** The case, and a second pass that times its locks where that is wanted. */
function passes(request: BenchRequest, workload: Workload, engine: EngineDescription, harts: number, captured: readonly CapturedFrame[] | undefined): BenchCase[] {
  const parameters = chosenParameters(request, workload, engine);
  const layout = planWorkload(workload, harts, parameters);
  const options = Object.fromEntries(Object.entries(engine.options)
    .map(([name, option]) => [name, request.settings[name], option] as const)
    .filter(([, value, option]) => value !== undefined && value !== option.default && option.values.includes(value))
    .map(([name, value]) => [name, value]));
  const timed = LOCK_TIMING.name in engine.options && options[LOCK_TIMING.name] === undefined
    && (request.lockTiming || (workload.name === LOCK_WORKLOAD && harts > 1));
  const configuration = configurationOf(layout, harts);
  const trusted = trustsGuests(engine.claims) ? configuration.vms.map((vm) => loadedBytes(vm.image)) : [];
  const make = (more: Options): BenchCase => ({
    workload: workload.name,
    engine: engine.name,
    options: { ...options, ...more },
    parameters: isBaseline(engine) ? without(parameters, GUESTS) : parameters,
    harts,
    configuration,
    counted: layout.guests.map((guest) => guest.counted),
    unitDigest: workload.unitDigest,
    traffic: caseTraffic(request, workload, layout, harts, captured),
    image: imageSums(layout),
    trustedGuestBytes: trusted.reduce((sum, bytes) => sum + bytes, 0),
    lockTiming: { ...options, ...more }[LOCK_TIMING.name] === LOCK_TIMING.value,
  });
  return [make({}), ...(timed ? [make({ [LOCK_TIMING.name]: LOCK_TIMING.value })] : [])];
}

function caseTraffic(
  request: BenchRequest, { name }: Workload, { traffic }: Layout, harts: number, captured: readonly CapturedFrame[] | undefined,
): CaseTraffic | undefined {
  if (traffic === undefined) return undefined;
  const asked = request.workloads?.includes(name) ?? (name === SEARCH_WORKLOAD && harts === 1);
  return { traffic, captured, log: false, latency: !request.quick, search: asked && !request.quick && traffic.rate === "max" };
}

/** Parameters that differ from their defaults. The baseline always runs one guest. */
function chosenParameters(request: BenchRequest, workload: Workload, engine: EngineDescription): Record<string, string> {
  const asked = Object.fromEntries(Object.keys(workload.parameters)
    .map((name) => [name, request.settings[name]] as const)
    .filter(([name, value]) => value !== undefined && value !== workload.parameters[name].default)
    .map(([name, value]) => [name, value]));
  return isBaseline(engine) && GUESTS in workload.parameters ? { ...asked, [GUESTS]: "1" } : asked;
}

/** Engines that run one guest without any vendor extension: what the others are measured against. */
const isBaseline = (engine: EngineDescription): boolean => engine.maximumVms === 1;

/** The baseline has no vendor extension, and as many harts as its guest has vCPUs. */
function runsOn(engine: EngineDescription, workload: Workload, harts: number, parameters: Readonly<Record<string, string>>): boolean {
  if (harts > engine.maximumHarts) return false;
  const { guests } = planWorkload(workload, harts, parameters);
  if (guests.length > engine.maximumVms) return false;
  return !isBaseline(engine) || (workload.standardInterface && guests.every(({ vcpus = 1 }) => vcpus === harts));
}

const without = (settings: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name));
