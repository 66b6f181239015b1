// Each lock by name: how long an acquisition waits, and how long the lock is then held.

import { pointsOf, type Selection, type Series, seriesLabel } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { type PartValue, stackedBars } from "./stacked-bars.ts";
import { amount, short } from "./words.ts";

export interface LockValue extends Series {
  readonly lock: string;
  readonly unit: string;
  /** Mean of every acquisition. */
  readonly waiting: number;
  readonly holding: number;
  /** In percent of the acquisitions; undefined where another pass counted them. */
  readonly contended: number | undefined;
  readonly handovers: number | undefined;
  readonly perUnit: number | undefined;
}

export function lockValues(selection: Selection): LockValue[] {
  const points = pointsOf(selection, "lock-waiting", "lock-holding", "lock-contended", "lock-handovers", "lock-acquisitions")
    .filter(({ harts, subject }) => harts === selection.harts && subject !== "");
  return [...Map.groupBy(points, (point) => `${seriesLabel(point)}\n${point.subject}`).values()].flatMap((own): LockValue[] => {
    const at = (metric: string) => own.find((point) => point.metric === metric)?.value;
    const [waiting, holding] = [at("lock-waiting"), at("lock-holding")];
    if (waiting === undefined || holding === undefined) return [];
    const [{ engine, variant, subject }] = own;
    const unit = own.find(({ metric }) => metric === "lock-waiting")?.unit ?? "";
    return [{ engine, variant, lock: subject, unit, waiting, holding, contended: at("lock-contended"), handovers: at("lock-handovers"), perUnit: at("lock-acquisitions") }];
  });
}

/** Among the ink's colours of parts: those of the engine's cycles and of waiting. */
const [HELD_COLOUR, WAITED_COLOUR] = [1, 2];
const PARTS = ["held", "waited for"];

export const locks: Figure = {
  name: "locks",
  title: "Locks by name",
  reading: "Mean time of one acquisition: waiting for the lock, then holding it. Beside the bar, the part of acquisitions that found the lock held.",
  absent: "No engine took a lock, or none was timed.",
  draw: (selection, look) => {
    const values = lockValues(selection);
    if (values.length === 0) return undefined;
    const named = (value: LockValue) => ({ engine: `${seriesLabel(value)}: ${value.lock}`, variant: "" });
    const bars = values.flatMap((value): PartValue[] => [{ ...named(value), part: PARTS[0], value: value.holding }, { ...named(value), part: PARTS[1], value: value.waiting }]);
    const contended = new Map(values.map((value) => [named(value).engine, value.contended]));
    const longest = values.reduce((most, value) => (value.waiting > most.waiting ? value : most));
    const [{ unit }] = values;
    const part = (value: number | undefined) => (value === undefined ? "" : short(value));
    return {
      spec: stackedBars({
        values: bars, parts: new Map([[PARTS[0], HELD_COLOUR], [PARTS[1], WAITED_COLOUR]]), look, title: `${unit} per acquisition`,
        total: (sum, label) => `${amount(sum, unit)}${contended.get(label) === undefined ? "" : `, ${short(contended.get(label) ?? 0)} % contended`}`,
      }),
      says: `Waited for longest: ${longest.lock} of ${seriesLabel(longest)}, ${amount(longest.waiting, unit)} on average, and held for ${amount(longest.holding, unit)}.`,
      table: {
        head: ["lock", "taken per unit", "contended, %", "handovers, %", "waiting", "holding"],
        body: values.map((value) => [named(value).engine, part(value.perUnit), part(value.contended), part(value.handovers), amount(value.waiting, unit), amount(value.holding, unit)]),
      },
    };
  },
};
