// How far single flipped bits got on each engine.

import { campaignOf, type Selection, type Series, seriesLabel } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { partTable, type PartValue, stackedBars } from "./stacked-bars.ts";
import { listed, percent } from "./words.ts";

/** By the subject of the metric `faults`, each with its place among the ink's colours of parts. */
const PARTS: Readonly<Record<string, readonly [part: string, colour: number]>> = {
  masked: ["no effect seen", 3], guest: ["that guest alone", 0], others: ["another guest", 2], engine: ["the engine", 1],
};

/** In percent of the faults of each engine. */
export function faultValues({ source, engines }: Pick<Selection, "source" | "engines">): PartValue[] {
  const place = ({ engine }: Series) => engines.indexOf(engine);
  const counted = campaignOf(source).filter(({ metric, subject }) => metric === "faults" && Object.hasOwn(PARTS, subject)).sort((left, right) => place(left) - place(right));
  return [...Map.groupBy(counted, seriesLabel).values()].flatMap((own) => {
    const all = own.reduce((sum, { value }) => sum + value, 0);
    return own.map(({ engine, variant, subject, value }): PartValue => ({ engine, variant, part: PARTS[subject][0], value: (100 * value) / all }));
  });
}

export const faults: Figure = {
  name: "faults",
  title: "How far a flipped bit gets",
  reading: "Single bits flipped in one guest (its registers, CSRs, data or code), each in a machine booted anew, by how far they got. What ends at that guest is contained.",
  absent: "These results have no fault campaign: npm run bench -- --only faults.",
  draw: (selection, look) => {
    const values = faultValues(selection);
    if (values.length === 0) return undefined;
    const parts = new Map(Object.values(PARTS));
    const contained = campaignOf(selection.source).filter(({ metric }) => metric === "fault-containment");
    return {
      spec: stackedBars({ values, parts, look, title: "% of the faults", total: () => "", end: 100 }),
      says: `Contained: ${listed(contained.map((point) => `${seriesLabel(point)} ${percent(point.value)}`))}.`,
      table: partTable(values, parts.keys(), percent),
    };
  },
};
