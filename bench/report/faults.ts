// The fault campaign, from rows alone: how far the faults got on each engine.

import { PLACES } from "../faults/draw.ts";
import type { Reach } from "../faults/effect.ts";
import { type CaseView, engineLabel } from "./case-view.ts";
import { type Column, formatTable, indent } from "./table.ts";

const SPREADS = ["others", "engine"] as const satisfies readonly Reach[];
const HARMS = ["guest", ...SPREADS] as const;

export const isOfFaults = ({ first }: CaseView): boolean => first.workload === "faults";

export function faultSection(cases: readonly CaseView[]): string {
  const measured = cases.filter((view) => view.row("fault-containment") !== undefined);
  if (measured.length === 0) return "";
  return [
    `Faults: single bits flipped in one guest; model clock, ${measured[0].first.profile}; exact`,
    "  guest, another, engine: into that guest alone, into another, into the engine:",
    "  how far those got that were not masked. contained: of all, with the Wilson",
    "  interval at 95 %",
    "",
    indent(formatTable(COLUMNS, measured)),
    "",
    "By place: how many did anything, and how many of them got further than the",
    "guest that they hit",
    "",
    indent(formatTable(PLACE_COLUMNS, measured)),
    ...recoverySection(measured.filter((view) => view.row("restarts") !== undefined)),
  ].join("\n");
}

const count = (view: CaseView, subject: string): number => view.value("faults", subject) ?? 0;
const sum = (view: CaseView, place: string, reaches: readonly Reach[]): number => reaches.reduce((total, reach) => total + count(view, `${place} ${reach}`), 0);

const engineColumn: Column<CaseView> = { title: "engine", align: "left", text: engineLabel };

const COLUMNS: readonly Column<CaseView>[] = [
  engineColumn,
  { title: "faults", align: "right", text: (view) => String(view.row("fault-containment")?.samples ?? "") },
  { title: "masked", align: "right", text: (view) => String(count(view, "masked")) },
  { title: "guest", align: "right", text: (view) => String(count(view, "guest")) },
  { title: "another", align: "right", text: (view) => String(count(view, "others")) },
  { title: "engine", align: "right", text: (view) => String(count(view, "engine")) },
  { title: "contained", align: "right", text: (view) => `${view.value("fault-containment")?.toFixed(1) ?? ""} %` },
  { title: "95 %", align: "left", text: intervalOf },
];

const PLACE_COLUMNS: readonly Column<CaseView>[] = [
  engineColumn,
  ...PLACES.map((place): Column<CaseView> => ({
    title: place, align: "right",
    text: (view) => `${sum(view, place, HARMS)}, ${sum(view, place, SPREADS)}`,
  })),
];

function recoverySection(views: readonly CaseView[]): string[] {
  if (views.length === 0) return [];
  return [
    "", "Guests that failed and were started again: thousands of cycles from the failure",
    "to the first instruction, and to the first unit of work; median ≤ longest", "", indent(formatTable(RECOVERY_COLUMNS, views)),
  ];
}

const kilo = (value: number | null): string => (value === null ? "" : (value / 1000).toLocaleString("en-US", { maximumFractionDigits: 0 }));

const RECOVERY_COLUMNS: readonly Column<CaseView>[] = [
  engineColumn,
  { title: "restarts", align: "right", text: (view) => String(view.value("restarts") ?? "") },
  ...(["instruction", "unit"] as const).map((until): Column<CaseView> => ({
    title: until, align: "right", text: (view) => `${kilo(view.value("recovery-p50", until))} ≤ ${kilo(view.value("recovery-max", until))}`,
  })),
];

function intervalOf(view: CaseView): string {
  const { low = null, high = null } = view.row("fault-containment") ?? {};
  return low === null || high === null ? "" : `${low.toFixed(1)}–${high.toFixed(1)}`;
}
