// What an exit and a world switch cost, and what a second hart gains.

import type { EngineName, VirtualMachine } from "../../engines/engine.ts";
import type { BenchCase } from "../case.ts";
import { summariseLatency } from "../histogram.ts";
import type { CaseFigures } from "../machine-reading.ts";
import { measureCase, type Timing } from "../measure.ts";
import { MachineSession } from "../session.ts";
import { median } from "../statistics.ts";
import { anchorCase } from "./machine-run.ts";

/** Calls in one unit of the hypercall guest. */
const CALLS_PER_UNIT = 100;
/** Digest of a unit of stores to a virtio device: its MagicValue. */
const VIRTIO_MAGIC = 0x7472_6976n;
const TIMING: Timing = { windowMs: 200, samples: 9, warmUpMs: 1_000, watchdogMs: 5_000 };

export interface ExitCost {
  /** Median over the windows of the mean time of one call in each, nothing but calls being done. */
  readonly nanoseconds: number;
  /** Median of single calls; includes the guest's two reads of `cycle`. */
  readonly timedMedian: number | undefined;
}

/** A call that the engine answers at once. */
export async function exitRoundTrip(engine: EngineName): Promise<ExitCost> {
  return {
    nanoseconds: callTime(await measure("hypercall-base", engine, 1, { guests: "1" })),
    timedMedian: summariseLatency((await measure("hypercall-base", engine, 1, { guests: "1", latency: "1" })).latency)?.p50,
  };
}

/** A store to a register of a virtio device that the engine emulates: decoded and done. */
export async function mmioExit(engine: EngineName): Promise<ExitCost> {
  return {
    nanoseconds: callTime(await measureCalls(storingCase(engine, {}))),
    timedMedian: summariseLatency((await measureCalls(storingCase(engine, { latency: "1" }))).latency)?.p50,
  };
}

/** The hypercall guest with a device: its place on a segment of the virtual switch. */
function storingCase(engine: EngineName, settings: Readonly<Record<string, string>>): BenchCase {
  const benchCase = anchorCase("hypercall-base", engine, 1, { guests: "1", ...settings });
  const vms = benchCase.configuration.vms.map((vm): VirtualMachine => ({ ...vm, bootArguments: vm.bootArguments.replace("call=base", "call=mmio") }));
  return {
    ...benchCase, options: { nic: "switch" }, unitDigest: VIRTIO_MAGIC,
    configuration: { ...benchCase.configuration, vms, nics: [{ port: 0, owner: 0 }] },
  };
}

/** Two guests on one hart that yield to each other and do nothing else: all of the time, over the switches in it. */
export async function worldSwitch(engine: EngineName): Promise<{ readonly nanoseconds: number; readonly switchesPerCall: number }> {
  const figures = await measure("hypercall-yield", engine, 1, { guests: "2" });
  const switchesPerCall = figures.worldSwitches / (CALLS_PER_UNIT * sum(figures.units));
  return { nanoseconds: callTime(figures) / switchesPerCall, switchesPerCall };
}

/** Throughput of two guests on two harts over that of one guest on one: medians of the windows. */
export async function secondHart(engine: EngineName, workload: string): Promise<{ readonly one: number; readonly two: number }> {
  const perSecond = (figures: CaseFigures) => median(figures.windows.map((window) => (1000 * sum(window.units)) / window.duration));
  return { one: perSecond(await measure(workload, engine, 1, {})), two: perSecond(await measure(workload, engine, 2, {})) };
}

async function measure(workload: string, engine: EngineName, harts: number, settings: Readonly<Record<string, string>>): Promise<CaseFigures> {
  return measureCalls(anchorCase(workload, engine, harts, settings));
}

async function measureCalls(benchCase: BenchCase): Promise<CaseFigures> {
  const session = await MachineSession.start(benchCase);
  try {
    return await measureCase(session, benchCase, TIMING, () => undefined);
  } finally {
    await session.stop();
  }
}

const callTime = (figures: CaseFigures): number =>
  median(figures.windows.map((window) => (1e6 * window.duration) / (CALLS_PER_UNIT * sum(window.units))));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
