// Findings in words, for terminals and for Markdown.

import { type Finding, type FindingKind, isInPercent } from "./compare.ts";

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
  const counts = [from, to].every((value) => value === undefined || Number.isInteger(value));
  const figure = (value: number | undefined, digits: number): string => {
    if (value === undefined) return "–";
    const text = value.toLocaleString("en-US", counts ? {} : { maximumSignificantDigits: digits, minimumSignificantDigits: digits });
    return text.replace("-", "−");
  };
  let digits = FEWEST_DIGITS;
  if (from !== to) while (digits < MOST_DIGITS && figure(from, digits) === figure(to, digits)) digits++;
  return `${figure(from, digits)} → ${figure(to, digits)} ${unit}`.trimEnd();
}

/** By how much NEW's figure is higher, in percent; or in percentage points, where it is in percent itself. */
export function changeWords({ row, from, to, note }: Finding): string {
  if (from === undefined || to === undefined) return "";
  const size = isInPercent(row) ? `${digitsOf(Math.abs(to - from))} points` : `${digitsOf(100 * Math.abs((to - from) / from))} %`;
  const change = from === to ? "" : from === 0 && !isInPercent(row) ? "from 0" : `${to > from ? "+" : "−"}${size}`;
  return [change, note].filter((word) => word !== "").join(", ");
}

const FEWEST_DIGITS = 4;
/** A double has no more. */
const MOST_DIGITS = 17;

const digitsOf = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value >= 0.001 ? value.toPrecision(3) : value.toExponential(1));
