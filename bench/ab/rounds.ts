// A round: four machines of one case, A B B A, each in a process of its own, which run in turn for a window at a time. What the
// host does to one, it does to its neighbours; what a start does to a machine, it does to one of many.

import { CaseFailure } from "../failure.ts";
import type { SampleTask, SampleWindow } from "./protocol.ts";
import { SampleProcess } from "./sample-process.ts";

export interface Sample {
  /** Units a millisecond for which the harts had the CPU, or did not want it. */
  readonly throughput: number;
  /** Units a millisecond of the wall clock. */
  readonly wallThroughput: number;
  /** CPU time received over the time for which it was wanted. */
  readonly cpuToWall: number;
}

export interface Round {
  readonly a: readonly Sample[];
  readonly b: readonly Sample[];
}

/** Starts a machine of a side. */
export type Start = (interruption: AbortSignal) => Promise<SampleProcess>;

/** A second of each machine: where a core is a thread of one that others use too, windows of one and the same machine differ by a fifth. */
export const TIMING = { warmUpMs: 300, readyMs: 20_000, windowMs: 20, windows: 50 } as const;
const PROGRAM = ["bench/ab/sample.ts"] as const;

/** `program`: what runs the machine, where that is another than the tree's own. */
export const startIn = (tree: string, task: Omit<SampleTask, "warmUpMs" | "readyMs">, program: readonly string[] = PROGRAM): Start => (
  (interruption) => SampleProcess.start(tree, program, { ...task, warmUpMs: TIMING.warmUpMs, readyMs: TIMING.readyMs }, interruption));

/** Of each machine in the order in which they were started. Throws what starting and running throw, or the interruption. */
export async function measureSamples(starts: readonly Start[], interruption: AbortSignal): Promise<Sample[]> {
  const machines: SampleProcess[] = [];
  try {
    for (const start of starts) {
      interruption.throwIfAborted();
      machines.push(await start(interruption));
    }
    const windows = machines.map((): SampleWindow[] => []);
    for (let turn = 0; turn < TIMING.windows; turn++) {
      const forward = [...machines.keys()];
      for (const index of turn % 2 === 0 ? forward : forward.reverse()) windows[index].push(await machines[index].run(TIMING.windowMs));
    }
    return windows.map(sampleOf);
  } finally {
    machines.forEach((machine) => machine.end());
  }
}

/** Every other round begins with B. */
export async function measureRound(a: Start, b: Start, number: number, interruption: AbortSignal): Promise<Round> {
  const [first, second] = number % 2 === 0 ? [a, b] : [b, a];
  const [one, two, three, four] = await measureSamples([first, second, second, first], interruption);
  const [outer, inner] = [[one, four], [two, three]];
  return number % 2 === 0 ? { a: outer, b: inner } : { a: inner, b: outer };
}

function sampleOf(windows: readonly SampleWindow[]): Sample {
  const total = (of: (window: SampleWindow) => number) => windows.reduce((sum, window) => sum + of(window), 0);
  const [units, wall, had] = [total((window) => window.units), total((window) => window.milliseconds), total(({ milliseconds, cpuToWall }) => milliseconds * (cpuToWall ?? 1))];
  if (units === 0) throw new CaseFailure(`no unit was finished in ${wall.toFixed(0)} ms`);
  return { throughput: units / had, wallThroughput: units / wall, cpuToWall: had / wall };
}
