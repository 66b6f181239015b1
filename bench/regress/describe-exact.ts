// What the exact class reaches, for people.

import { setImmediate } from "node:timers/promises";
import { Limits } from "../compare/limits.ts";
import { DEFAULT_PROFILE, loadProfile } from "../model/profile.ts";
import { type Column, foldPage, formatTable, indent } from "../report/table.ts";
import { EXACT_CASES, type ExactOutcome, tryExact } from "./exact-class.ts";
import { rateWords } from "./rate.ts";

/** Disturbed: missed, and other work had the CPU. */
export type Reach = "reached" | "disturbed" | "missed";

/** In percent: planted in engines. The exact class has to find all of them. */
const SLOWDOWNS = [0.1, 1, 2, 5, 10] as const;

export async function describeExact(repetitions: number, interruption: AbortSignal): Promise<{ readonly text: string; readonly reach: Reach }> {
  const outcomes: ExactOutcome[] = [];
  for (const subject of EXACT_CASES) {
    await setImmediate(); // a case keeps the thread to itself, and Ctrl-C would not be heard before the last
    interruption.throwIfAborted();
    outcomes.push(tryExact(subject, loadProfile(DEFAULT_PROFILE), repetitions, SLOWDOWNS, Limits.none()));
  }
  const total = (of: (outcome: ExactOutcome) => number): number => outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
  const [alarms, comparisons] = [total((outcome) => outcome.alarms), total((outcome) => outcome.repetitions)];
  const found = (index: number): number => total(({ planted }) => Number(planted[index].found));
  const text = foldPage([
    `Exact class: ${EXACT_CASES.length} cases on the model clock, ${DEFAULT_PROFILE}, as npm run compare`,
    "  Throughput lost, in percent, to a slowdown planted in the engine; !: not found",
    "", indent(formatTable(COLUMNS, outcomes)), "",
    `  against itself: ${rateWords(alarms, comparisons)} of comparisons alarmed; ${total(({ figures }) => figures).toLocaleString("en-US")} figures compared`,
    ...SLOWDOWNS.map((slowdown, index) => `  ${slowdown} % planted: found ${rateWords(found(index), outcomes.length)}`),
  ].join("\n"));
  return { text, reach: alarms === 0 && SLOWDOWNS.every((_, index) => found(index) === outcomes.length) ? "reached" : "missed" };
}

const COLUMNS: readonly Column<ExactOutcome>[] = [
  { title: "case", align: "left", text: ({ label }) => label },
  ...SLOWDOWNS.map((slowdown, index): Column<ExactOutcome> => ({
    title: `${slowdown} %`, align: "right", text: ({ planted }) => `${planted[index].lost.toFixed(3)}${planted[index].found ? "" : "!"}`,
  })),
];
