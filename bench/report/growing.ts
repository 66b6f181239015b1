// What becomes of queues that grow when a guest floods them, beside those that cannot: from rows alone.

import { weakeningOf } from "../isolation/weakened.ts";
import { OUTCOMES } from "../isolation/judge.ts";
import type { CaseView } from "./case-view.ts";
import { type Column, formatTable, indent } from "./table.ts";

const GROWING = "queues";

export function growingSection(cases: readonly CaseView[]): string {
  const flooded = cases.filter((view) => weakeningOf(view.first.options)?.option === GROWING && view.row("isolation") !== undefined);
  if (flooded.length === 0) return "";
  const lines = flooded.flatMap((growing) => [
    ...cases.filter(({ first }) => first.options === "" && first.workload === growing.first.workload && first.engine === growing.first.engine && first.harts === growing.first.harts),
    growing,
  ]);
  return [
    "Static queues and growing ones under a flood",
    "  before, after: bytes of the engine's heap in use before the window and after it; of: the most it can give; refused: when it was full",
    "  pairs: how many times slower honest guests were that need doorbells; wrong: how many of them were, in the end",
    "",
    indent(formatTable(COLUMNS, lines)),
  ].join("\n");
}

const whole = (value: number | null): string => (value ?? 0).toLocaleString("en-US");

const bytes = (view: CaseView, subject: string): string => {
  const value = view.value("engine-heap", subject);
  return value === null ? "no heap" : whole(value);
};

function slowdown(view: CaseView): string {
  const value = view.value("isolation-slowdown", "pair");
  return value === null ? "stopped" : `${value.toFixed(2)}×`;
}

const COLUMNS: readonly Column<CaseView>[] = [
  { title: "attack", align: "left", key: true, text: ({ first }) => first.workload.replace("attack-", "") },
  { title: "on", align: "left", key: true, text: ({ first }) => `${first.engine[0].toUpperCase()}${first.harts}` },
  { title: "queues", align: "left", key: true, text: ({ first }) => (first.options === "" ? "static" : "growing") },
  { title: "before", align: "right", text: (view) => bytes(view, "before") },
  { title: "after", align: "right", text: (view) => bytes(view, "after") },
  { title: "of", align: "right", text: (view) => bytes(view, "size") },
  { title: "refused", align: "right", text: (view) => whole(view.value("engine-heap-refused")) },
  { title: "pairs", align: "right", text: slowdown },
  { title: "wrong", align: "right", text: (view) => whole(view.value("isolation-reached", "wrong-guests")) },
  { title: "outcome", align: "left", text: (view) => OUTCOMES[view.value("isolation") ?? 0] },
];
