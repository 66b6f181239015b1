// The part of all cycles that went into waiting for the engine's locks, against harts.

import { pointsOf, type Selection } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { atMostHarts, hartLines, hartTable, type HartValue, hartValue, sayAtMost } from "./hart-lines.ts";
import { percent } from "./words.ts";

export const waitingValues = (selection: Pick<Selection, "source" | "scenario" | "engines">): HartValue[] => (
  pointsOf(selection, "cycles-waiting").map(hartValue));

export const waiting: Figure = {
  name: "waiting",
  title: "Waiting for locks",
  reading: "Part of all harts' cycles spent waiting for locks of the engine; lower is better. An engine without locks stays at zero.",
  absent: "Only the model clock sees every cycle: see the locks below for the wall clock's timing pass.",
  draw: (selection, look) => {
    const values = waitingValues(selection);
    if (values.length === 0) return undefined;
    const waited = atMostHarts(values).filter(({ value }) => value > 0);
    return {
      spec: hartLines({ values, selection, look, title: "% of all cycles", logarithmic: false }),
      says: waited.length === 0 ? "No engine as it comes waited for a lock." : `Of all cycles: ${sayAtMost(waited, percent)}; the others none.`,
      table: hartTable(values, percent),
    };
  },
};
