// What changed when, in lines for a terminal.

import { formatFigure, indent } from "../report/table.ts";
import type { ResultRow } from "../results/schema.ts";
import { LEAST_SIZE, LEVEL } from "./change-points.ts";
import type { CommitChanges, Step } from "./exact.ts";
import type { HostHistory, WallChange } from "./wall.ts";

/** Changes named at each commit; the others are counted. */
const NAMED = 10;

export function exactWords(commits: readonly CommitChanges[], metrics: readonly string[]): string {
  if (commits.length === 0) return "Exact figures: no commit has any in results/exact";
  return [
    `Exact figures: ${commits.length} ${commits.length === 1 ? "commit" : "commits"} changed results/exact; every difference is a change`,
    ...commits.map((commit) => `\n${commitWords(commit, metrics)}`),
  ].join("\n");
}

function commitWords({ hash, date, subject, figures, steps, added, gone, unread }: CommitChanges, metrics: readonly string[]): string {
  const title = `${hash.slice(0, 9)}  ${date}  ${subject}`;
  if (unread !== "") return `${title}\n  left out: ${unread}`;
  const named = steps.filter(({ to }) => to.subject === "" && metrics.includes(to.metric)).toSorted((left, right) => sizeOf(right) - sizeOf(left));
  const counts = [
    `${formatCount(figures)} figures`, ...(figures > 0 && added === figures ? ["all new"] : [
      `${formatCount(steps.length)} changed`, ...(added === 0 ? [] : [`${formatCount(added)} new`]), ...(gone === 0 ? [] : [`${formatCount(gone)} gone`]),
    ]), ...reasonsOf(steps),
  ];
  const rest = named.length - NAMED;
  return [
    title, `  ${counts.join(", ")}`,
    ...named.slice(0, NAMED).map(({ from, to }) => `  ${changeLine(to, from.value, to.value)}`),
    ...(rest > 0 ? [`  and ${rest} smaller ${rest === 1 ? "change" : "changes"} of ${metrics.join(", ")}`] : []),
  ].join("\n");
}

/** What else changed with the figures, and may be why. */
function reasonsOf(steps: readonly Step[]): string[] {
  const rules = new Set(steps.filter(({ from, to }) => from.revision !== to.revision).map(({ from, to }) => `${from.revision} → ${to.revision}`));
  const guests = steps.filter(({ from, to }) => from.image !== to.image).length;
  return [...(rules.size === 0 ? [] : [`rules of the model ${[...rules].join(", ")}`]), ...(guests === 0 ? [] : [`${formatCount(guests)} of them with other guest images`])];
}

export function wallWords(hosts: readonly HostHistory[]): string {
  if (hosts.length === 0) return "Wall clock: no runs";
  return hosts.map(({ host, runs, series, leftOut, changes }) => [
    `Wall clock on ${host}: ${runs} ${runs === 1 ? "run" : "runs"}, ${series} series`,
    `  where means change by ${100 * LEAST_SIZE} % or more, by E-divisive; by chance in one series of ${1 / LEVEL}`,
    ...(leftOut === 0 ? [] : [`  ${formatCount(leftOut)} values left out, of cases that failed or were contaminated`]),
    changes.length === 0 ? "  no change point" : indent(changes.map(wallLines).join("\n")),
  ].join("\n")).join("\n\n");
}

/** As `−13 %  worse   throughput of contend on smp, 2 harts: 100 → 87.5 units/Mcycle`. */
function changeLine(row: ResultRow, before: number | null, after: number | null): string {
  const change = changeWords(before, after).padStart(CHANGE_WIDTH);
  return `${change}  ${verdict(row, before, after).padEnd(VERDICT_WIDTH)}  ${row.metric} of ${caseWords(row)}: ${formatFigure(before)} → ${formatFigure(after)} ${row.unit}`;
}

const CHANGE_WIDTH = 7;
const VERDICT_WIDTH = "better".length;

const wallLines = ({ row, before, after, probability, last, first }: WallChange): string => (
  `${changeLine(row, before, after)}\n${"".padStart(CHANGE_WIDTH)}  from ${first.run} on, p = ${probability.toFixed(3)}; between revisions ${last.revision} and ${first.revision}`);

function caseWords({ workload, engine, options, harts }: ResultRow): string {
  const of = workload === "" ? "sources" : workload;
  return `${of} on ${engine}${options === "" ? "" : ` ${options}`}${harts === 0 ? "" : `, ${harts} ${harts === 1 ? "hart" : "harts"}`}`;
}

/** Of what was. */
function changeWords(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0) return "";
  const percent = (100 * (after - before)) / Math.abs(before);
  const size = Math.abs(percent);
  return `${percent < 0 ? "−" : "+"}${size >= 10 ? size.toFixed(0) : size.toPrecision(2)} %`;
}

function verdict({ direction }: ResultRow, before: number | null, after: number | null): string {
  if (direction === "none" || before === null || after === null || before === after) return "";
  return (after > before) === (direction === "higher") ? "better" : "worse";
}

/** As a ratio, whichever way; what was or became nothing is largest. */
function sizeOf({ from, to }: Step): number {
  const [before, after] = [from.value ?? 0, to.value ?? 0].map(Math.abs);
  return before === 0 || after === 0 ? Infinity : Math.abs(Math.log(after / before));
}

const formatCount = (count: number): string => count.toLocaleString("en-US");
