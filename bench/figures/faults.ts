// How far single flipped bits got on each engine.

import { CAMPAIGN, type Selection, seriesLabel } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { partTable, type PartValue, stackedBars } from "./stacked-bars.ts";
import { listed, percent } from "./words.ts";

/** By the subject of the metric `faults`, each with its place among the ink's colours of parts. */
const PARTS: Readonly<Record<string, readonly [part: string, colour: number]>> = {
  masked: ["no effect seen", 3], guest: ["that guest alone", 0], others: ["another guest", 2], engine: ["the engine", 1],
};

export function faultValues({ source, engines }: Pick<Selection, "source" | "engines">): PartValue[] {
  const place = ({ engine }: { readonly engine: string }) => engines.indexOf(engine);
  return source.points.filter(({ scenario, metric, subject }) => scenario === CAMPAIGN && metric === "faults" && Object.hasOwn(PARTS, subject))
    .sort((left, right) => place(left) - place(right))
    .map(({ engine, variant, subject, value }) => ({ engine, variant, part: PARTS[subject][0], value }));
}

export const faults: Figure = {
  name: "faults",
  title: "How far a flipped bit gets",
  reading: "Single bits flipped in one guest (its registers, CSRs, data or code), each in a machine booted anew, by how far they got. What ends at that guest is contained.",
  of: "source",
  absent: "These results have no fault campaign: npm run bench -- --only faults.",
  draw: (selection, look) => {
    const values = faultValues(selection);
    if (values.length === 0) return undefined;
    const parts = new Map(Object.values(PARTS));
    const contained = selection.source.points.filter(({ scenario, metric, variant }) => scenario === CAMPAIGN && metric === "fault-containment" && variant === "");
    return {
      spec: stackedBars({ values, parts, look, title: "faults", total: () => "", end: Math.max(...[...Map.groupBy(values, seriesLabel).values()].map((own) => own.reduce((sum, { value }) => sum + value, 0))) }),
      says: `Contained: ${listed(contained.map(({ engine, value }) => `${engine} ${percent(value)}`))}.`,
      table: partTable(values, parts.keys()),
    };
  },
};
