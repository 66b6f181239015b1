// Findings in words, for terminals and for Markdown.

import type { Finding, FindingKind } from "./compare.ts";

export const TITLES: Readonly<Record<FindingKind, string>> = {
  failed: "Failed in NEW",
  worse: "Worse",
  beyond: "Past a hard limit",
  refused: "Refused: what was measured is not the same",
  removed: "Removed: in BASE alone",
  tolerated: "Worse, within the limit",
  better: "Better",
  moved: "Moved: no value of these is better than another",
  new: "New: in NEW alone",
};

/** Cases in words: their profile is named where `findings` are of several. */
export function caseWords(findings: readonly Finding[]): (finding: Finding) => string {
  const several = new Set(findings.map(({ row }) => row.profile)).size > 1;
  return ({ row: { workload, engine, options, harts, profile } }) => {
    const place = [engine, ...(options === "" ? [] : [options]), ...(several ? [profile] : [])].join(" ");
    const size = harts === 0 ? "" : `, ${harts} ${harts === 1 ? "hart" : "harts"}`;
    return `${workload === "" ? "sources" : workload} on ${place}${size}`;
  };
}

export const figureWords = ({ row: { metric, subject } }: Finding): string => (subject === "" ? metric : `${metric} of ${subject}`);

/** Both values, with as many digits as it takes to tell them apart. */
export function valueWords({ row: { unit }, from, to, note }: Finding): string {
  if (from === undefined && to === undefined) return note;
  let digits = FEWEST_DIGITS;
  if (from !== to) while (digits < MOST_DIGITS && figure(from, digits) === figure(to, digits)) digits++;
  return `${figure(from, digits)} → ${figure(to, digits)} ${unit}`.trimEnd();
}

/** By how much NEW's figure is higher, in percent. */
export function changeWords(finding: Finding): string {
  const { from, to, note } = finding;
  if (from === undefined || to === undefined) return "";
  const change = from === to ? "" : from === 0 ? "from 0" : `${to > from ? "+" : "−"}${percent(Math.abs((to - from) / from))}`;
  return [change, note].filter((word) => word !== "").join(", ");
}

const FEWEST_DIGITS = 4;
/** A double has no more. */
const MOST_DIGITS = 17;

function figure(value: number | undefined, digits: number): string {
  if (value === undefined) return "–";
  return Number.isInteger(value) ? value.toLocaleString("en-US") : value.toLocaleString("en-US", { maximumSignificantDigits: digits, minimumSignificantDigits: digits });
}

function percent(part: number): string {
  const value = 100 * part;
  return `${value >= 99.95 ? value.toFixed(0) : value >= 0.001 ? value.toPrecision(3) : value.toExponential(1)} %`;
}
