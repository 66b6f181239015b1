// Why guests are left for the engine, per unit of work.

import { pointsOf, type Selection } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { partTable, type PartValue, stackedBars } from "./stacked-bars.ts";
import { listed, short } from "./words.ts";

/** By cause; an engine whose guests are never left has a row that says so. */
export function exitValues(selection: Selection): PartValue[] {
  const points = pointsOf(selection, "exits-per-unit").filter(({ harts }) => harts === selection.harts);
  const causes = points.filter(({ subject, value }) => subject !== "" && value > 0);
  return points.filter(({ subject }) => subject === "").flatMap((all): PartValue[] => {
    const own = causes.filter(({ engine, variant }) => engine === all.engine && variant === all.variant);
    return own.map(({ engine, variant, subject, value }) => ({ engine, variant, part: subject, value }));
  });
}

/** Among the ink's colours of parts: causes are not told by those of guests, engine and waiting. */
const FIRST_COLOUR = 4;

export const exits: Figure = {
  name: "exits",
  title: "Exits to the engine",
  reading: "Traps that left guests for the engine, for each unit of work, by cause. Each costs the guest a trap, and whatever the engine does about it. An engine that is missing was never entered.",
  absent: "No guest was left for an engine.",
  draw: (selection, look) => {
    const values = exitValues(selection);
    if (values.length === 0) return undefined;
    const sums = Map.groupBy(values, ({ part }) => part);
    const weight = (part: string) => (sums.get(part) ?? []).reduce((sum, { value }) => sum + value, 0);
    const parts = [...sums.keys()].sort((left, right) => weight(right) - weight(left));
    const totals = [...Map.groupBy(values.filter(({ variant }) => variant === ""), ({ engine }) => engine)]
      .map(([engine, own]) => `${engine} ${short(own.reduce((sum, { value }) => sum + value, 0))}`);
    return {
      spec: stackedBars({ values, parts: new Map(parts.map((part, place) => [part, FIRST_COLOUR + place])), look, title: "exits per unit of work", total: (sum) => short(sum) }),
      says: `Exits per unit of work: ${listed(totals)}.`,
      table: partTable(values, parts),
    };
  },
};
