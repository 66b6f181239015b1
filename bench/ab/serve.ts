// One machine, which runs for a window whenever a line on standard input says so, and answers on standard output.

import { createInterface } from "node:readline";
import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import type { BenchCase } from "../case.ts";
import { checkReading } from "../check-reading.ts";
import { CaseFailure } from "../failure.ts";
import { unitsOf } from "../machine-reading.ts";
import { makeCase, runsOn } from "../make-case.ts";
import type { MachineSession } from "../session.ts";
import { offeredInWindows } from "../traffic/measure-network.ts";
import type { SampleAnswer, SampleTask, SampleWindow, WindowMs } from "./protocol.ts";

const STEP_MS = 20;

const answer = (line: SampleAnswer): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

function caseOf({ workload: name, engine, harts, settings }: SampleTask): BenchCase | undefined {
  const workload = CATALOGUE.find((each) => each.name === name);
  if (workload === undefined || !(engine in ENGINES) || !runsOn(ENGINES[engine], workload, harts, settings)) return undefined;
  return makeCase(workload, ENGINES[engine], harts, settings, ({ traffic }) => (
    traffic && { traffic, captured: undefined, log: false, latency: false, search: false }));
}

/** Until the lines end. */
export async function serve(start: (benchCase: BenchCase) => Promise<MachineSession>): Promise<void> {
  try {
    await answerLines(createInterface({ input: process.stdin })[Symbol.asyncIterator](), start);
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    answer({ kind: "failed", reason: error.message });
  }
}

async function answerLines(lines: AsyncIterator<string>, start: (benchCase: BenchCase) => Promise<MachineSession>): Promise<void> {
  const first = await lines.next();
  if (first.done === true) return;
  const task = JSON.parse(first.value) as SampleTask;
  const benchCase = caseOf(task);
  if (benchCase === undefined) {
    answer({ kind: "absent" });
    return;
  }
  const session = await start(benchCase);
  try {
    await untilReady(session, benchCase, task.readyMs);
    if (benchCase.traffic !== undefined) session.offer(offeredInWindows(benchCase.traffic));
    await session.run(task.warmUpMs);
    answer({ kind: "ready" });
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      answer({ kind: "window", window: await runWindow(session, benchCase, JSON.parse(line.value) as WindowMs) });
    }
  } finally {
    await session.stop();
  }
}

async function untilReady(session: MachineSession, benchCase: BenchCase, limitMs: number): Promise<void> {
  for (let waited = 0; waited < limitMs; waited += STEP_MS) {
    await session.run(STEP_MS);
    if (read(session, benchCase).vms.every((vm) => vm.units?.ready)) return;
  }
  throw new CaseFailure(`guests not ready after ${limitMs} ms; ${session.whereabouts()}`);
}

async function runWindow(session: MachineSession, benchCase: BenchCase, windowMs: number): Promise<SampleWindow> {
  const before = session.read();
  const { milliseconds, cpuToWall } = await session.run(windowMs);
  const after = read(session, benchCase);
  return { milliseconds, cpuToWall, units: after.vms.reduce((sum, vm, index) => sum + (benchCase.counted[index] ? unitsOf(vm) - unitsOf(before.vms[index]) : 0), 0) };
}

const read = (session: MachineSession, benchCase: BenchCase) => checkReading(session.read(), benchCase, () => session.console());
