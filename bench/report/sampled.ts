// What a scheduler that samples gives away under attack, beside one that charges exact time: from rows alone.

import type { CaseView } from "./case-view.ts";
import { type Column, formatTable, indent } from "./table.ts";

const ATTACK = "attack-schedule-";
const SAMPLED = "scheduler=credit";
/** "As much as 98% of CPU time", in the laboratory: Zhou et al., arXiv:1103.0759, abstract. Its attack is the one that evades ticks. */
const PUBLISHED: Readonly<Record<string, string>> = { evade: "98 %" };

interface Line {
  readonly sampled: CaseView;
  /** The same under the scheduler that is the default. */
  readonly exact: CaseView | undefined;
}

export function sampledSection(cases: readonly CaseView[]): string {
  const lines = cases.filter(isSampled).map((sampled): Line => ({
    sampled, exact: cases.find(({ first }) => first.options === "" && first.workload === sampled.first.workload
      && first.engine === sampled.first.engine && first.harts === sampled.first.harts),
  }));
  if (lines.length === 0) return "";
  return [
    "Schedulers under attack: credits sampled at ticks, and budgets of exact time",
    "  thief: CPU time that the hostile guests had, of all harts'; a third is due",
    "  honest: what the computing guest that did least did, of its due; latest: that an honest guest was woken, in thousands of cycles",
    "  published: Zhou et al., 2011",
    "",
    indent(formatTable(COLUMNS, lines)),
  ].join("\n");
}

function isSampled({ first }: CaseView): boolean {
  return first.workload.startsWith(ATTACK) && first.options.split(" ").includes(SAMPLED);
}

const percent = (value: number | null | undefined): string => (value === null || value === undefined ? "" : `${value.toFixed(1)} %`);
const thousands = (value: number | null | undefined): string => (value === null || value === undefined ? "" : (value / 1000).toFixed(0));

const figures = (title: string, of: (line: Line) => CaseView | undefined): Column<Line>[] => [
  { title: `${title}: thief`, align: "right", text: (line) => percent(of(line)?.value("isolation-hostile-cpu")) },
  { title: "honest", align: "right", text: (line) => percent(of(line)?.value("isolation-share")) },
  { title: "latest", align: "right", text: (line) => thousands(of(line)?.value("isolation-latency-max")) },
];

const attackOf = ({ sampled }: Line): string => sampled.first.workload.slice(ATTACK.length);

const COLUMNS: readonly Column<Line>[] = [
  { title: "attack", align: "left", key: true, text: attackOf },
  { title: "on", align: "left", key: true, text: ({ sampled: { first } }) => `${first.engine[0].toUpperCase()}${first.harts}` },
  { title: "published", align: "right", text: (line) => PUBLISHED[attackOf(line)] ?? "" },
  ...figures("credit", ({ sampled }) => sampled),
  ...figures("budget", ({ exact }) => exact),
];
