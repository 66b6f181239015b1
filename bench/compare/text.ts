// A comparison for people at a terminal.

import { foldPage, indent } from "../report/table.ts";
import type { Acceptance } from "./accepted.ts";
import type { Comparison, Finding, FindingKind } from "./compare.ts";
import type { Side } from "./sides.ts";
import type { Verdict } from "./verdict.ts";
import { caseWords, changeWords, figureWords, TITLES, valueWords } from "./words.ts";

/** Of each kind; --markdown has more. */
const MOST_LINES = 25;

/** Findings case by case, in their order: the case, and its figures below it. */
function describeFindings(findings: readonly Finding[], nameCase: (finding: Finding) => string): string {
  const widthOf = (words: (finding: Finding) => string) => Math.max(...findings.map((finding) => words(finding).length));
  const [figures, values, changes] = [widthOf(figureWords), widthOf(valueWords), widthOf(changeWords)];
  const line = (finding: Finding): string => (
    `${figureWords(finding).padEnd(figures)}  ${valueWords(finding).padEnd(values)}  ${changeWords(finding).padStart(changes)}`.trim());
  return [...Map.groupBy(findings, nameCase)].flatMap(([name, list]) => {
    const [whole, figures] = [list.filter(({ row }) => row.metric === ""), list.filter(({ row }) => row.metric !== "")];
    return [...whole.map(({ note }) => `${name}: ${note}`), ...(figures.length === 0 ? [] : [name, ...figures.map((finding) => indent(line(finding)))])];
  }).join("\n");
}

export function formatComparison(base: Side, now: Side, { findings }: Comparison, { reasons, stale }: Acceptance, verdict: Verdict, proposals: readonly string[]): string {
  const nameCase = caseWords(findings);
  const section = (title: string, list: readonly Finding[]): string[] => (list.length === 0 ? [] : [[
    title, indent(describeFindings(list.slice(0, MOST_LINES), nameCase)), ...(list.length > MOST_LINES ? [`  and ${list.length - MOST_LINES} more (--markdown FILE lists them)`] : []),
  ].join("\n")]);
  const open = findings.filter((finding) => !reasons.has(finding));
  return [
    `BASE  ${describe(base)}\nNEW   ${describe(now)}`,
    ...(Object.keys(TITLES) as FindingKind[]).flatMap((kind) => section(TITLES[kind], open.filter((finding) => finding.kind === kind))),
    ...section("Accepted", findings.filter((finding) => reasons.has(finding))),
    ...(stale.length === 0 ? [] : [["Lines that accept nothing", ...stale.map((line) => foldPage(`  ${line}`))].join("\n")]),
    ...(proposals.length === 0 ? [] : [["To accept, add to results/accepted.csv, with reasons", ...proposals.slice(0, MOST_LINES).map((line) => `  ${line}`)].join("\n")]),
    `${verdict.line}\n${verdict.counts.replaceAll("; ", "\n")}`,
  ].join("\n\n");
}

const describe = ({ name, files }: Side): string => `${name}, ${files.length} ${files.length === 1 ? "file" : "files"}`;
