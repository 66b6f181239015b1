// Measures one case on the model clock: runs its machine until the guests are ready, then to what they stay like, then for
// one window. Another run of it would be the same, so there are no samples to take.

import type { HartCycles, ModelOutcome } from "../../engines/machine/model/model.ts";
import type { Offered } from "../../engines/machine/network/steering.ts";
import type { BenchCase } from "../case.ts";
import { checkReading } from "../check-reading.ts";
import { CaseFailure } from "../failure.ts";
import { type CaseFigures, type CycleParts, figuresBetween, type MachineReading, unitsOf } from "../machine-reading.ts";
import { measureNetwork, offeredInWindows } from "../traffic/measure-network.ts";
import { forwardedBy } from "../traffic/network-figures.ts";
import type { ModelTiming } from "./plan.ts";
import type { ModelSession } from "./session.ts";

/** How often a machine is asked whether its guests have come so far. */
const STEP = 500_000;
/** Of the machine's own time: its cycle counter runs at 1 GHz, whatever the profile. */
const CYCLES_PER_MS = 1_000_000;
/** How exactly a window begins and ends with a unit. */
const FINE_STEP = 200;

/** The window's figures. Throws a CaseFailure. */
export function measureOnModel(session: ModelSession, benchCase: BenchCase, timing: ModelTiming): CaseFigures {
  return measureWindow(session, benchCase, timing).figures;
}

/** Those, and what traffic has of its own, where there is any. */
export async function measureCaseOnModel(session: ModelSession, benchCase: BenchCase, timing: ModelTiming): Promise<CaseFigures> {
  const { traffic } = benchCase;
  const { figures, before, after } = measureWindow(session, benchCase, timing);
  if (traffic === undefined) return figures;
  const windows = figures.windows.map((window) => ({ ...window, duration: window.duration / CYCLES_PER_MS }));
  const machine = {
    offer: (offered: Offered) => session.offer(offered),
    run: (milliseconds: number) => Promise.resolve(session.run(Math.round(milliseconds * CYCLES_PER_MS))),
  };
  return { ...figures, network: await measureNetwork(machine, benchCase.harts, traffic, () => read(session, benchCase), { before, after, windows }) };
}

interface MeasuredWindow {
  readonly figures: CaseFigures;
  readonly before: MachineReading;
  readonly after: MachineReading;
}

function measureWindow(session: ModelSession, benchCase: BenchCase, timing: ModelTiming): MeasuredWindow {
  untilReady(session, benchCase, timing.limit);
  const { traffic } = benchCase;
  if (traffic !== undefined) session.offer(offeredInWindows(traffic));
  advance(session, benchCase, timing.warmUp);
  const counted = [...benchCase.counted.keys()].filter((guest) => benchCase.counted[guest]);
  const reference = untilUnit(session, benchCase, counted, timing.limit);
  const before = advance(session, benchCase, 0);
  const begun = session.now();
  const cyclesBefore = session.cycles();
  advance(session, benchCase, timing.window);
  untilUnit(session, benchCase, [reference], timing.limit);
  const after = advance(session, benchCase, 0);
  const window = {
    duration: session.now() - begun, cpuToWall: null, forwarded: forwardedBy(after.ports) - forwardedBy(before.ports),
    units: after.vms.map((vm, index) => unitsOf(vm) - unitsOf(before.vms[index])),
  };
  const cycles = partsBetween(cyclesBefore, session.cycles());
  requireProgress(session, benchCase, before, after, timing.limit);
  return { figures: { ...figuresBetween(before, after, [window]), cycles }, before, after };
}

/** Runs for so many cycles, and answers what the machine is like then, if all is right. */
function advance(session: ModelSession, benchCase: BenchCase, duration: number): MachineReading {
  const outcome = session.run(duration);
  const reading = read(session, benchCase);
  requireGoing(outcome);
  return reading;
}

function read(session: ModelSession, benchCase: BenchCase): MachineReading {
  return checkReading(session.read(), benchCase, () => session.console());
}

function requireGoing(outcome: ModelOutcome): void {
  switch (outcome.kind) {
    case "reached": return;
    case "deadlock": throw new CaseFailure(`deadlock: ${outcome.waits.join("; ")}`);
    case "halted": throw new CaseFailure("the engine halted every hart");
  }
}

function untilReady(session: ModelSession, benchCase: BenchCase, limit: number): void {
  let waiting: readonly string[] = [];
  for (let waited = 0; waited < limit; waited += STEP) {
    const outcome = session.run(STEP);
    waiting = read(session, benchCase).vms.filter((vm) => !vm.units?.ready).map((vm) => vm.name);
    // Guests that are ready may have nothing to do before frames arrive.
    if (waiting.length === 0) return;
    requireGoing(outcome);
  }
  throw new CaseFailure(`${waiting.join(", ")} not ready after ${limit} cycles; ${session.whereabouts()}`);
}

/**
 * Runs until one of these guests finishes a unit, and answers which. Windows begin and end with a unit of the same guest, so
 * that no part of one is lost or won at their ends; guests that are alike and share nothing keep step with it.
 */
function untilUnit(session: ModelSession, benchCase: BenchCase, guests: readonly number[], limit: number): number {
  const pages = guests.map((guest) => session.unitsPage(guest));
  const done = pages.map((page) => session.unitsOn(page));
  for (let waited = 0; waited < limit; waited += FINE_STEP) {
    const { kind } = session.run(FINE_STEP);
    const finished = pages.findIndex((page, index) => session.unitsOn(page) !== done[index]);
    if (finished >= 0) return guests[finished];
    if (kind !== "reached") advance(session, benchCase, 0);
  }
  advance(session, benchCase, 0);
  throw new CaseFailure(`${guests.map((guest) => benchCase.configuration.vms[guest].name).join(", ")} did no unit in ${limit} cycles; ${session.whereabouts()}`);
}

/** A guest that did nothing in the window gets the limit's cycles to do a unit: one that does not hangs, one that does had no turn in a window that short. */
function requireProgress(session: ModelSession, benchCase: BenchCase, before: MachineReading, after: MachineReading, limit: number): void {
  const stuck = (now: MachineReading) => now.vms.filter((vm, index) => unitsOf(vm) === unitsOf(before.vms[index])).map((vm) => vm.name);
  let still = stuck(after);
  for (let waited = 0; waited < limit && still.length > 0; waited += STEP) still = stuck(advance(session, benchCase, STEP));
  if (still.length > 0) throw new CaseFailure(`${still.join(", ")} did no unit in ${limit} cycles; ${session.whereabouts()}`);
}

function partsBetween(before: readonly HartCycles[], after: readonly HartCycles[]): CycleParts {
  const spent = (part: keyof HartCycles) => after.reduce((sum, hart, index) => sum + hart[part] - before[index][part], 0);
  const [guest, engine, waiting, idle] = [spent("guest"), spent("engine"), spent("waiting"), spent("idle")];
  const all = guest + engine + waiting + idle;
  return { guest: guest / all, engine: engine / all, waiting: waiting / all, idle: idle / all };
}
