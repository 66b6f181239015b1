// What the harness reads of a machine whose harts are paused, and what happened between two readings.

import type { NetworkReport } from "../engines/engine.ts";
import type { PhysicalAddress } from "../engines/machine/address.ts";
import type { PortReading } from "../engines/machine/network/steering.ts";
import type { Histogram } from "./histogram.ts";
import { addHistograms, emptyHistogram, histogramSince } from "./histogram.ts";
import type { NetworkFigures } from "./traffic/network-figures.ts";
import type { UnitsReading } from "./units-page.ts";

export interface VmReading {
  readonly name: string;
  readonly state: "running" | "finished" | "failed";
  /** Why it failed, with cause and registers. */
  readonly reason: string | undefined;
  readonly units: UnitsReading | undefined;
  /** CPU time its vCPUs were given, in nanoseconds. */
  readonly cpuTime: number;
}

export interface LockReading {
  readonly name: string;
  /** Physical address of its record. */
  readonly lock: PhysicalAddress;
  readonly acquisitions: number;
  readonly contended: number;
  readonly handovers: number;
  /** Nanoseconds; all four are 0 unless the engine times its locks. */
  readonly waiting: number;
  readonly waitingMax: number;
  readonly holding: number;
  readonly holdingMax: number;
  /** Every wait and every holding, where the model has seen them; the four are then cycles. */
  readonly times?: LockTimes | undefined;
}

export interface LockTimes {
  readonly waiting: Histogram;
  readonly holding: Histogram;
}

export interface MachineReading {
  readonly vms: readonly VmReading[];
  readonly locks: readonly LockReading[];
  readonly worldSwitches: number;
  /** 32-bit words of engine state that more than one hart reaches. */
  readonly sharedWords: number;
  /** Exits from guests to the engine, by cause. */
  readonly exits: Readonly<Record<string, number>>;
  /** What the engine's virtual switch did; absent where it has none. */
  readonly network?: NetworkReport | undefined;
  /** Nanoseconds that the harts' threads spent in models of devices. */
  readonly deviceTime: number;
  readonly ports: readonly PortReading[];
}

/** One run window. */
export interface Window {
  /** Milliseconds of the wall clock, as the harts' threads timed it; cycles of the model clock. */
  readonly duration: number;
  /** Units done in it, by VM. */
  readonly units: readonly number[];
  /** CPU time the threads received over the time they wanted to run; null where the host does not tell, or there are none. */
  readonly cpuToWall: number | null;
  /** Frames that departed in it. */
  readonly forwarded: number;
}

export interface CycleParts {
  readonly guest: number;
  readonly engine: number;
  readonly waiting: number;
  readonly idle: number;
}

/** Everything measured of one case. */
export interface CaseFigures {
  readonly windows: readonly Window[];
  /** Differences from the first window's start to the last one's end. */
  readonly units: readonly number[];
  readonly cpuTimes: readonly number[];
  readonly latency: Histogram;
  readonly locks: readonly LockReading[];
  readonly worldSwitches: number;
  readonly sharedWords: number;
  readonly exits: Readonly<Record<string, number>>;
  /** Parts of the harts' cycles, which add up to 1; of the model clock. */
  readonly cycles?: CycleParts | undefined;
  /** Where there is traffic. */
  readonly network?: NetworkFigures | undefined;
}

/** What happened between two readings of one machine. Maxima are those since it started. */
export function figuresBetween(before: MachineReading, after: MachineReading, windows: readonly Window[]): CaseFigures {
  return {
    windows,
    units: after.vms.map((vm, index) => unitsOf(vm) - unitsOf(before.vms[index])),
    cpuTimes: after.vms.map((vm, index) => vm.cpuTime - before.vms[index].cpuTime),
    latency: addHistograms(after.vms.map((vm, index) => {
      const earlier = before.vms[index].units?.latency ?? emptyHistogram();
      return histogramSince(earlier, vm.units?.latency ?? emptyHistogram());
    })),
    locks: after.locks.map((lock, index) => locksBetween(before.locks[index], lock)),
    worldSwitches: after.worldSwitches - before.worldSwitches,
    sharedWords: after.sharedWords,
    exits: Object.fromEntries(Object.entries(after.exits).map(([cause, count]) => [cause, count - (before.exits[cause] ?? 0)])),
  };
}

export const unitsOf = (vm: VmReading): number => vm.units?.units ?? 0;

function locksBetween(before: LockReading, after: LockReading): LockReading {
  return {
    name: after.name,
    lock: after.lock,
    acquisitions: after.acquisitions - before.acquisitions,
    contended: after.contended - before.contended,
    handovers: after.handovers - before.handovers,
    waiting: after.waiting - before.waiting,
    waitingMax: after.waitingMax,
    holding: after.holding - before.holding,
    holdingMax: after.holdingMax,
    times: after.times && {
      waiting: histogramSince(before.times?.waiting ?? emptyHistogram(), after.times.waiting),
      holding: histogramSince(before.times?.holding ?? emptyHistogram(), after.times.holding),
    },
  };
}
