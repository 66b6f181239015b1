// Throughputs of several cases on the wall clock, measured in turn, window by window: what the host does to one, it does to
// its neighbours.

import { checkReading } from "../check-reading.ts";
import { CaseFailure } from "../failure.ts";
import { unitsOf } from "../machine-reading.ts";
import { MachineSession } from "../session.ts";
import { caseOf, type Subject } from "./model-case.ts";

const WINDOW_MS = 40;
/** A round counts if every hart had so much of the CPU time that it wanted; there are more until so many count. */
const UNDISTURBED = 0.95;
const ROUNDS = 12;
const MOST_ROUNDS = 30;
/** If fewer count than these, all do, and the reader is told. */
const FEWEST_ROUNDS = 5;
/** Run before the first round, for the translator and the host's compiler. */
const WARM_UP_MS = 500;
const STEP_MS = 20;
const READY_LIMIT_MS = 10_000;

interface Measured {
  readonly subject: Subject;
  readonly session: MachineSession;
}

export interface Rounds {
  /** Units a millisecond of CPU time: for each round, those of the subjects in their order. */
  readonly throughputs: readonly (readonly number[])[];
  /** Other work had the CPU in nearly all of them. */
  readonly disturbed: boolean;
}

/** Throws a CaseFailure. */
export async function throughputsOnWall(subjects: readonly Subject[]): Promise<Rounds> {
  const measured: Measured[] = [];
  try {
    for (const subject of subjects) {
      const session = await MachineSession.start(caseOf(subject));
      measured.push({ subject, session });
      await untilReady({ subject, session });
      await session.run(WARM_UP_MS);
    }
    const rounds: RunWindow[][] = [];
    const undisturbed = (): RunWindow[][] => rounds.filter((round) => round.every(({ share }) => share >= UNDISTURBED));
    while (undisturbed().length < ROUNDS && rounds.length < MOST_ROUNDS) {
      const round: RunWindow[] = [];
      for (const each of measured) round.push(await runWindow(each));
      rounds.push(round);
    }
    const disturbed = undisturbed().length < FEWEST_ROUNDS;
    return { throughputs: (disturbed ? rounds : undisturbed()).map((round) => round.map(({ throughput }) => throughput)), disturbed };
  } finally {
    await Promise.all(measured.map(({ session }) => session.stop()));
  }
}

interface RunWindow {
  /** Units a millisecond of the CPU time that the harts had. */
  readonly throughput: number;
  /** CPU time that the harts' threads had, of what they wanted. */
  readonly share: number;
}

async function runWindow({ subject, session }: Measured): Promise<RunWindow> {
  const benchCase = caseOf(subject);
  const before = session.read();
  const { milliseconds, cpuToWall } = await session.run(WINDOW_MS);
  const after = checkReading(session.read(), benchCase, () => session.console());
  const units = after.vms.reduce((sum, vm, index) => sum + (benchCase.counted[index] ? unitsOf(vm) - unitsOf(before.vms[index]) : 0), 0);
  const share = cpuToWall ?? 1;
  return { throughput: units / (milliseconds * share), share };
}

/** Lets the guests set themselves up. */
async function untilReady({ subject, session }: Measured): Promise<void> {
  for (let waited = 0; waited < READY_LIMIT_MS; waited += STEP_MS) {
    await session.run(STEP_MS);
    if (session.read().vms.every((vm) => vm.units?.ready)) return;
  }
  throw new CaseFailure(`guests of ${subject.workload} on ${subject.engine} not ready after ${READY_LIMIT_MS} ms; ${session.whereabouts()}`);
}
