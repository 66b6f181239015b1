// A comparison as Markdown, for a pull request or the summary of a CI run: the verdict, what speaks against the change, and
// the rest folded.

import type { Acceptance } from "./accepted.ts";
import type { Comparison, Finding, FindingKind } from "./compare.ts";
import type { Side } from "./sides.ts";
import type { Verdict } from "./verdict.ts";
import { caseWords, changeWords, figureWords, TITLES, valueWords } from "./words.ts";

/** GitHub takes 1 MiB for a step's summary; a line has some 150 bytes. */
const MOST_LINES = 1_000;
const IN_SIGHT: readonly FindingKind[] = ["failed", "worse", "beyond", "refused", "removed"];
const FOLDED: readonly FindingKind[] = ["tolerated", "better", "moved", "new"];

export function markdownComparison(base: Side, now: Side, comparison: Comparison, { reasons, stale }: Acceptance, verdict: Verdict): string {
  const { findings } = comparison;
  const of = (kind: FindingKind): Finding[] => findings.filter((finding) => finding.kind === kind && !reasons.has(finding));
  const accepted = findings.filter((finding) => reasons.has(finding));
  const table = tableFor(caseWords(findings));
  const fold = (title: string, list: readonly Finding[], reason?: (finding: Finding) => string): string[] => (
    list.length === 0 ? [] : [details(`${title}: ${list.length.toLocaleString("en-US")}`, table(list, reason))]);
  const folded = [
    ...FOLDED.flatMap((kind) => fold(TITLES[kind], of(kind))),
    ...fold("Accepted", accepted, (finding) => reasons.get(finding) ?? ""),
    ...(stale.length === 0 ? [] : [details(`Lines of accepted.csv that accept nothing: ${stale.length}`, stale.map((line) => `- ${escape(line)}`).join("\n"))]),
  ];
  return `${[
    `**${verdict.line}**`,
    verdict.counts,
    ...IN_SIGHT.flatMap((kind) => (of(kind).length === 0 ? [] : [`### ${TITLES[kind]}`, table(of(kind))])),
    ...folded,
    [`BASE: ${escape(base.name)}  `, `NEW: ${escape(now.name)}  `, "To see it again:"].join("\n"),
    ["```sh", `npm run compare -- ${base.word} ${now.word}`, "```"].join("\n"),
  ].join("\n\n")}\n`;
}

const details = (summary: string, body: string): string => `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;

type Table = (list: readonly Finding[], reason?: (finding: Finding) => string) => string;

const tableFor = (nameCase: (finding: Finding) => string): Table => (list, reason) => {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const heads = ["case", "figure", "BASE → NEW", "change", ...(reason === undefined ? [] : ["reason"])];
  return [
    line(heads), line(heads.map((head) => (head === "change" ? "---:" : "---"))),
    ...list.slice(0, MOST_LINES).map((finding) => line([nameCase(finding), figureWords(finding), valueWords(finding), changeWords(finding), ...(reason === undefined ? [] : [reason(finding)])].map(escape))),
    ...(list.length > MOST_LINES ? [`\n… and ${(list.length - MOST_LINES).toLocaleString("en-US")} more`] : []),
  ].join("\n");
};

/** Names and reasons as text: nothing in them is Markdown or HTML. */
const escape = (text: string): string => text.replaceAll(/[\\`*_[\]<>|]/g, String.raw`\$&`).replaceAll("\n", " ");
