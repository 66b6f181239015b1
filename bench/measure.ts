// Measures one case on a running machine: waits until its guests are ready, lets tinybench take the
// samples, checks every result. One tinybench sample is one run window, with the time taken inside the
// harts' threads.

import { Bench } from "tinybench";
import type { BenchCase } from "./case.ts";
import { checkReading } from "./check-reading.ts";
import { CaseFailure } from "./failure.ts";
import { type CaseFigures, figuresBetween, type MachineReading, unitsOf, type Window } from "./machine-reading.ts";
import type { MachineSession } from "./session.ts";
import { measureNetwork, offeredInWindows } from "./traffic/measure-network.ts";
import { forwardedBy } from "./traffic/network-figures.ts";

export interface Timing {
  readonly windowMs: number;
  readonly samples: number;
  /** Run before the samples, for the translator and the host's compiler. */
  readonly warmUpMs: number;
  /** How long guests may take for their set-up, and for one unit of work. */
  readonly watchdogMs: number;
}

const STEP_MS = 20;

/** Throws a CaseFailure. `onWindow` sees the windows measured so far after each of them. */
export async function measureCase(
  session: MachineSession, benchCase: BenchCase, timing: Timing, onWindow: (windows: readonly Window[]) => void,
): Promise<CaseFigures> {
  await untilReady(session, benchCase, timing.watchdogMs);
  const { traffic } = benchCase;
  if (traffic !== undefined) session.offer(offeredInWindows(traffic));
  await session.run(timing.warmUpMs);
  const before = check(session, benchCase);
  const windows: Window[] = [];
  const bench = new Bench({ iterations: timing.samples, time: 0, warmup: false, throws: true });
  bench.add("window", async () => {
    const window = await runWindow(session, benchCase, timing.windowMs);
    windows.push(window);
    onWindow(windows);
    return { overriddenDuration: window.duration };
  }, { async: true });
  await bench.run();
  const after = check(session, benchCase);
  await requireProgress(session, benchCase, before, windows, timing.watchdogMs);
  const figures = figuresBetween(before, after, windows);
  if (traffic === undefined) return figures;
  return { ...figures, network: await measureNetwork(session, benchCase.harts, traffic, () => check(session, benchCase), { before, after, windows }) };
}

async function untilReady(session: MachineSession, benchCase: BenchCase, limitMs: number): Promise<void> {
  for (let waited = 0; waited < limitMs; waited += STEP_MS) {
    await session.run(STEP_MS);
    const { vms } = check(session, benchCase);
    if (vms.every((vm) => vm.units?.ready)) return;
  }
  const waiting = session.read().vms.filter((vm) => !vm.units?.ready).map((vm) => vm.name);
  throw new CaseFailure(`${waiting.join(", ")} not ready after ${limitMs} ms; ${session.whereabouts()}`);
}

async function runWindow(session: MachineSession, benchCase: BenchCase, windowMs: number): Promise<Window> {
  const before = session.read();
  const { milliseconds, cpuToWall } = await session.run(windowMs);
  const after = check(session, benchCase);
  return { duration: milliseconds, cpuToWall, forwarded: forwardedBy(after.ports) - forwardedBy(before.ports), units: after.vms.map((vm, index) => unitsOf(vm) - unitsOf(before.vms[index])) };
}

const check = (session: MachineSession, benchCase: BenchCase): MachineReading => checkReading(session.read(), benchCase, () => session.console());

/**
 * A guest that did nothing in all windows together gets the watchdog's time to do a unit: one that does not
 * hangs, one that does had no turn in windows that short.
 */
async function requireProgress(session: MachineSession, benchCase: BenchCase, before: MachineReading, windows: readonly Window[], limitMs: number): Promise<void> {
  const stuck = () => check(session, benchCase).vms.filter((vm, index) => unitsOf(vm) === unitsOf(before.vms[index])).map((vm) => vm.name);
  for (let waited = 0; waited < limitMs && stuck().length > 0; waited += STEP_MS) await session.run(STEP_MS);
  const measured = windows.reduce((sum, window) => sum + window.duration, 0);
  if (stuck().length > 0) throw new CaseFailure(`${stuck().join(", ")} did no unit in ${(measured + limitMs).toFixed(0)} ms; ${session.whereabouts()}`);
  if (windows.every(({ units }) => units.every((count, vm) => count === 0 || !benchCase.counted[vm]))) {
    throw new CaseFailure(`no unit was finished in ${measured.toFixed(0)} ms of windows; they are too short for this workload`);
  }
}
