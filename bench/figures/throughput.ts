// Throughput against harts, with what n harts would do if each did as much as the best engine's one.

import { pointsOf, type Selection } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { hartLines, hartTable, type HartValue, hartValue, type Reference, sayAtMost } from "./hart-lines.ts";

export const throughputValues = (selection: Pick<Selection, "source" | "scenario" | "engines">): HartValue[] => (
  pointsOf(selection, "throughput").filter(({ subject, value }) => subject === "" && value > 0).map(hartValue));

/** As many times the best throughput of the fewest harts as there are harts. */
export function idealThroughput(values: readonly HartValue[]): Reference {
  const fewest = Math.min(...values.map((value) => value.harts));
  const best = Math.max(...values.filter((value) => value.harts === fewest).map(({ value }) => value)) / fewest;
  return { label: "ideal", at: (count) => best * count };
}

export const throughput: Figure = {
  name: "throughput",
  title: "Throughput against harts",
  reading: "Work done by all guests together; higher is better. Both axes are logarithmic, so an engine that scales perfectly runs along the dashed line: the best engine's throughput on the fewest harts, times the harts.",
  absent: "Nothing was measured.",
  draw: (selection, look) => {
    const values = throughputValues(selection);
    if (values.length === 0) return undefined;
    const [{ unit }] = pointsOf(selection, "throughput");
    return {
      spec: hartLines({ values, selection, look, title: unit, logarithmic: true, reference: idealThroughput(values) }),
      says: `In ${unit}: ${sayAtMost(values)}.`,
      table: hartTable(values),
    };
  },
};
