// A comparison for people at a terminal.

import { type Column, formatTable, indent } from "../report/table.ts";
import type { Acceptance } from "./accepted.ts";
import type { Comparison, Finding, FindingKind } from "./compare.ts";
import type { Side } from "./sides.ts";
import type { Verdict } from "./verdict.ts";
import { caseWords, changeWords, figureWords, TITLES, valueWords } from "./words.ts";

/** Of each kind; --markdown has more. */
const MOST_LINES = 25;

const columnsFor = (findings: readonly Finding[]): readonly Column<Finding>[] => [
  { title: "case", align: "left", text: caseWords(findings) },
  { title: "figure", align: "left", text: figureWords },
  { title: "BASE → NEW", align: "left", text: valueWords },
  { title: "change", align: "right", text: changeWords },
];

export function formatComparison(base: Side, now: Side, { findings }: Comparison, { reasons, stale }: Acceptance, verdict: Verdict, proposals: readonly string[]): string {
  const columns = columnsFor(findings);
  const section = (title: string, list: readonly Finding[]): string[] => (list.length === 0 ? [] : [[
    title, indent(formatTable(columns, list.slice(0, MOST_LINES))), ...(list.length > MOST_LINES ? [`  and ${list.length - MOST_LINES} more (--markdown FILE lists them)`] : []),
  ].join("\n")]);
  const open = findings.filter((finding) => !reasons.has(finding));
  return [
    `BASE  ${describe(base)}\nNEW   ${describe(now)}`,
    ...(Object.keys(TITLES) as FindingKind[]).flatMap((kind) => section(TITLES[kind], open.filter((finding) => finding.kind === kind))),
    ...section("Accepted", findings.filter((finding) => reasons.has(finding))),
    ...(stale.length === 0 ? [] : [["Lines that accept nothing", ...stale.map((line) => `  ${line}`)].join("\n")]),
    ...(proposals.length === 0 ? [] : [["To accept, add to results/accepted.csv, with reasons", ...proposals.slice(0, MOST_LINES).map((line) => `  ${line}`)].join("\n")]),
    `${verdict.line}\n${verdict.counts.replaceAll("; ", "\n")}`,
  ].join("\n\n");
}

const describe = ({ name, files }: Side): string => `${name}, ${files.length} ${files.length === 1 ? "file" : "files"}`;
