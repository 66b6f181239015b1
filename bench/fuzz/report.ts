// What fuzzing came to, for people.

import { type Column, formatTable, indent } from "../report/table.ts";
import type { EngineTally } from "./campaign.ts";
import type { ImageFailure, ImageTally } from "./images.ts";
import { describeOperation } from "./operation.ts";
import type { FuzzOutcome } from "./task.ts";

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const MOST_OPERATIONS = 12;

export function describeEngines(tallies: readonly EngineTally[], milliseconds: number): string {
  const columns: readonly Column<EngineTally>[] = [
    { title: "engine", align: "left", text: ({ engine }) => engine },
    { title: "machines", align: "right", text: ({ machines }) => whole(machines) },
    { title: "operations", align: "right", text: ({ calls }) => whole(calls) },
    { title: "per second and thread", align: "right", text: (tally) => whole((1000 * tally.calls) / Math.max(1, tally.milliseconds)) },
    { title: "different answers", align: "right", text: ({ signatures }) => whole(signatures.size) },
    { title: "failures", align: "right", text: ({ failures }) => whole(failures.length) },
  ];
  return `${formatTable(columns, tallies)}\n\n${whole(milliseconds / 1000)} s in all`;
}

export function describeImages(tallies: Iterable<ImageTally>, failures: readonly ImageFailure[]): string {
  const columns: readonly Column<ImageTally>[] = [
    { title: "file", align: "left", text: ({ kind }) => kind },
    { title: "tried", align: "right", text: ({ tried }) => whole(tried) },
    { title: "loaded", align: "right", text: ({ loaded }) => whole(loaded) },
    { title: "refused", align: "right", text: ({ tried, loaded }) => whole(tried - loaded) },
    { title: "failures", align: "right", text: ({ kind }) => whole(failures.filter((failure) => failure.kind === kind).length) },
    { title: "refused as", align: "left", text: ({ refused }) => [...refused.keys()].toSorted().join(" ") },
  ];
  return formatTable(columns, [...tallies]);
}

export function describeFailure({ engine, seed, calls, setting, failure = "", operations }: FuzzOutcome): string {
  const lines = operations.flatMap((lane, number) => lane.map((operation) => `guest ${number >> 1}, hart ${number & 1}: ${describeOperation(operation)}`));
  return [
    `FAILED: ${engine} (${setting}), seed ${seed}: ${failure}`,
    indent([...lines.slice(-MOST_OPERATIONS), ...(lines.length > MOST_OPERATIONS ? [`(the last of ${lines.length} operations)`] : [])].join("\n")),
    `  again: npm run fuzz -- --engine ${engine} --seed ${seed} --calls ${calls}`,
  ].join("\n");
}

export function describeImageFailure({ kind, seed, failure }: ImageFailure): string {
  return `FAILED: ${kind}, seed ${seed}: ${failure}\n  again: npm run fuzz -- --engine images --seed ${seed} --calls 1`;
}
