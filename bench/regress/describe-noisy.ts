// What the noisy class reaches on this host, for people.

import { RATIO_INTERVAL } from "../ab/ratio.ts";
import { CONTAMINATED_BELOW } from "../noise/noise.ts";
import { type Column, foldPage, formatTable, indent } from "../report/table.ts";
import type { Reach } from "./describe-exact.ts";
import { calibrate, compareDrawn, cpuToWallOf, LEVEL, measurePoolRound, NOISY_CASE, type NoisyOutcome, type PoolRound, ROUNDS_COMPARED, THRESHOLD } from "./noisy-class.ts";
import { rateWords } from "./rate.ts";

/** In percent. */
const SLOWDOWNS = [1, 2, 5, 10] as const;
const CALIBRATION_ROUNDS = 6;
/** What is asked of the class. */
const MOST_FALSE_ALARMS = 0.01;
const FOUND_OF_LARGEST = 0.95;
/** A slowdown that came out further from what was planted shows nothing of that. */
const ASTRAY = 0.02;

interface Line extends NoisyOutcome {
  /** In percent. */
  readonly planted: number;
}

export async function describeNoisy(rounds: number, interruption: AbortSignal, say: (line: string) => void): Promise<{ readonly text: string; readonly reach: Reach }> {
  const loads = await calibrate(SLOWDOWNS, CALIBRATION_ROUNDS, interruption);
  say(`a slowdown of ${SLOWDOWNS.map((slowdown, index) => `${slowdown} % is ${loads[index].toFixed(2)}`).join(", ")} loads for each trap on this host`);
  const pool: PoolRound[] = [];
  for (let round = 0; round < rounds && !interruption.aborted; round++) {
    pool.push(await measurePoolRound(loads, interruption));
    say(`round ${round + 1} of ${rounds}`);
  }
  const lines: Line[] = [
    { planted: 0, ...compareDrawn(pool, ({ again }) => again) },
    ...SLOWDOWNS.map((planted, index): Line => ({ planted, ...compareDrawn(pool, ({ slower }) => slower[index]) })),
  ];
  const [none] = lines;
  const [largest] = lines.slice(-1);
  const reached = none.alarms <= MOST_FALSE_ALARMS * none.draws && largest.alarms >= FOUND_OF_LARGEST * largest.draws;
  const astray = Math.abs(1 - largest.ratio - largest.planted / 100) > ASTRAY;
  const cpuToWall = cpuToWallOf(pool);
  const text = foldPage([
    `Noisy class: ${NOISY_CASE.workload} on ${NOISY_CASE.engine}, ${NOISY_CASE.harts} hart, on the wall clock of this host, as bench --ab`,
    "", indent(formatTable(COLUMNS, lines)), "",
    `  A comparison has ${Math.min(ROUNDS_COMPARED, rounds)} rounds of A B B A, and alarms where p < ${LEVEL} and the whole interval is more than ${THRESHOLD} % from 1. ${none.draws.toLocaleString("en-US")} drawn from ${rounds} rounds that were measured: comparisons share rounds, so that the intervals of the rates are those of drawing, and other days of this host are not in them.`,
    `  measured: ratio of throughputs in all rounds; ${RATIO_INTERVAL}.`,
    `  Harts had the CPU for ${(100 * cpuToWall).toFixed(0)} % of the time they wanted it.`,
    ...astray ? [`  The ${largest.planted} % came out as ${(100 * (1 - largest.ratio)).toFixed(0)} %, since the host was not the same when it was measured what a load costs: run again on a quiet one.`] : [],
  ].join("\n"));
  return { text, reach: astray ? "disturbed" : reached ? "reached" : cpuToWall < CONTAMINATED_BELOW ? "disturbed" : "missed" };
}

const COLUMNS: readonly Column<Line>[] = [
  { title: "planted", align: "right", text: ({ planted }) => `${planted} %` },
  { title: "measured", align: "right", text: ({ ratio, low, high }) => `${ratio.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})` },
  { title: "alarms", align: "left", text: ({ alarms, draws }) => rateWords(alarms, draws) },
];
