// How much of each hart that is added an engine makes use of.

import type { Selection } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { hartLines, hartTable, type HartValue, sayAtMost } from "./hart-lines.ts";
import { throughputValues } from "./throughput.ts";
import { percent } from "./words.ts";

/** Throughput of a hart in percent of that of the same engine's only one. Engines that were measured on several harts. */
export function scalingValues(selection: Pick<Selection, "source" | "scenario" | "engines">): HartValue[] {
  const values = throughputValues(selection);
  return values.flatMap((value) => {
    const own = values.filter(({ engine, variant }) => engine === value.engine && variant === value.variant);
    const one = own.find((candidate) => candidate.harts === 1);
    if (one === undefined || own.length < 2) return [];
    const scaled = (figure: number) => (100 * figure) / (value.harts * one.value);
    return [{ ...value, value: scaled(value.value), low: value.low === null ? null : scaled(value.low), high: value.high === null ? null : scaled(value.high) }];
  });
}

export const scaling: Figure = {
  name: "scaling",
  title: "What a hart still does, among others",
  reading: "Throughput per hart, in percent of the same engine's on one hart. 100 % is perfect scaling; where a line falls, harts wait for each other or for memory that another core changed.",
  absent: "No engine was measured on one hart and on more.",
  draw: (selection, look) => {
    const values = scalingValues(selection);
    if (values.length === 0) return undefined;
    return {
      spec: hartLines({
        values, selection, look, title: "% of one hart's", logarithmic: false, reference: { label: "ideal", at: () => 100 },
      }),
      says: `Of what its only hart did: ${sayAtMost(values, percent)}.`,
      table: hartTable(values, percent),
    };
  },
};
