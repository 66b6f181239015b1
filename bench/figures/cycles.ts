// Where the cycles of all harts went.

import type { MetricName } from "../results/metrics.ts";
import { pointsOf, type Selection, seriesLabel } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { partTable, type PartValue, stackedBars } from "./stacked-bars.ts";
import { listed, percent } from "./words.ts";

const PARTS = { "cycles-guest": "guests", "cycles-engine": "engine", "cycles-waiting": "waiting for locks", "cycles-idle": "idle" } as const satisfies Partial<Record<MetricName, string>>;
type PartMetric = keyof typeof PARTS;
const METRICS = Object.keys(PARTS) as PartMetric[];

export const cycleValues = (selection: Selection): PartValue[] => (
  pointsOf(selection, ...METRICS).filter(({ harts }) => harts === selection.harts)
    .map(({ engine, variant, metric, value }) => ({ engine, variant, part: PARTS[metric as PartMetric], value })));

export const cycles: Figure = {
  name: "cycles",
  title: "Where the cycles go",
  reading: "All cycles of all harts: in guests, in the engine (its traps and world switches included), waiting for its locks, and idle, with no guest to run.",
  absent: "Only the model clock sees every cycle.",
  draw: (selection, look) => {
    const values = cycleValues(selection);
    if (values.length === 0) return undefined;
    const inGuests = values.filter(({ part, variant }) => part === PARTS["cycles-guest"] && variant === "");
    return {
      spec: stackedBars({ values, parts: new Map(Object.values(PARTS).map((part, place) => [part, place])), look, title: "% of all harts' cycles", total: () => "", end: 100 }),
      says: `Cycles in guests: ${listed(inGuests.map((value) => `${seriesLabel(value)} ${percent(value.value)}`))}.`,
      table: partTable(values, Object.values(PARTS), percent),
    };
  },
};
