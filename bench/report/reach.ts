// What a guest can change on each engine, from rows alone: the trusted computing base as attacks find it, beside what is counted.

import { OWNERS } from "../isolation/reach.ts";
import type { RegisterKind } from "../isolation/registers.ts";
import { type CaseView, engineLabel } from "./case-view.ts";
import { type Column, formatTable, indent } from "./table.ts";

export const isOfReach = ({ first }: CaseView): boolean => first.workload === "reach";

export function reachSection(cases: readonly CaseView[]): string {
  const measured = cases.filter((view) => view.row("reach-memory", "own") !== undefined);
  if (measured.length === 0) return "";
  return [
    `Trusted computing base by attack; model clock, ${measured[0].first.profile}; exact`,
    "  What one guest can change. KiB of memory, by a word of each page of 4 KiB:",
    "  its own, of other guests, of the engine, and the rest. Registers of the ACLINT",
    "  (timers and software interrupts of all harts), of the PLIC, of the console and",
    "  of another guest's disk; CSRs of M-mode and of the hypervisor",
    "",
    indent(formatTable(COLUMNS, measured)),
  ].join("\n");
}

const KIB = 1024;
const DEVICES: readonly (readonly [title: string, kinds: readonly RegisterKind[]])[] = [
  ["aclint", ["timer", "software-interrupt"]], ["plic", ["interrupt-controller"]], ["uart", ["console"]], ["disk", ["disk"]], ["csrs", ["csr"]],
];

const figure = (value: number): string => value.toLocaleString("en-US");

const COLUMNS: readonly Column<CaseView>[] = [
  { title: "engine", align: "left", text: engineLabel },
  ...OWNERS.map((owner): Column<CaseView> => ({ title: owner, align: "right", text: (view) => figure((view.value("reach-memory", owner) ?? 0) / KIB) })),
  ...DEVICES.map(([title, kinds]): Column<CaseView> => (
    { title, align: "right", text: (view) => figure(kinds.reduce((sum, kind) => sum + (view.value("reach-registers", kind) ?? 0), 0)) })),
];
