// Compares the exact figures of two sets of result rows. Nothing here knows where they come from.

import { UsageError } from "../exit-code.ts";
import type { ResultRow } from "../results/schema.ts";
import type { Limit, Limits } from "./limits.ts";

/**
 * worse: by more than the soft limit. beyond: past the hard limit, be it changed or not. tolerated: worse within the soft limit.
 * moved: another value, of a metric for which none is better. new and removed: figures or cases of one side alone.
 * refused: a case of both that cannot be compared. failed: a case of NEW.
 */
export type FindingKind = "failed" | "worse" | "beyond" | "refused" | "removed" | "tolerated" | "better" | "moved" | "new";

export interface Finding {
  readonly kind: FindingKind;
  /** NEW's row, or BASE's where NEW has none; of a whole case, one of its rows with no metric and no subject. */
  readonly row: ResultRow;
  /** Absent where a side has no such figure. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Why, where the figures do not say it. */
  readonly note: string;
}

export interface Comparison {
  /** Figures that both sides have and that could be compared. */
  readonly compared: number;
  readonly unchanged: number;
  /** Rows of NEW that are compared elsewhere: those of the wall clock. */
  readonly noisy: number;
  /** The worst first. */
  readonly findings: readonly Finding[];
}

/** Metrics that have a row only where something was counted: without one, it is 0. */
const ABSENT_IS_ZERO: readonly string[] = ["exits-per-unit", "isolation-reached"];
/** The row of a case without figures. */
const CASE_METRIC = "case";
const ORDER: readonly FindingKind[] = ["failed", "worse", "beyond", "refused", "removed", "tolerated", "better", "moved", "new"];

/** Throws a UsageError where a side has a figure twice. */
export function compareRows(base: readonly ResultRow[], now: readonly ResultRow[], limits: Limits): Comparison {
  const before = casesOf(base, "BASE");
  const after = casesOf(now, "NEW");
  const tally = { compared: 0, unchanged: 0 };
  const findings: Finding[] = [];
  const elsewhere = otherProfile(before, after);
  for (const [key, old] of before) {
    const measured = after.get(key) ?? elsewhere.get(key);
    if (measured === undefined) findings.push(wholeCase("removed", old, `${old.size} figures`));
    else if (!isFailed(measured)) findings.push(...compareCase(old, measured, limits, tally));
  }
  for (const [key, measured] of after) {
    const [first] = [...measured.values()].filter(({ status }) => status === "failed");
    if (first !== undefined) findings.push(wholeCase("failed", measured, first.reason));
    else if (!before.has(key)) findings.push(wholeCase("new", measured, `${measured.size} figures`), ...beyondAlone([...measured.values()], limits));
  }
  return { ...tally, noisy: now.filter((row) => !isExact(row)).length, findings: findings.sort((left, right) => ORDER.indexOf(left.kind) - ORDER.indexOf(right.kind) || worseBy(right) - worseBy(left)) };
}

/**
 * How much worse NEW is, as a part of BASE's figure, or of 100 where that is in percent: negative where it is better, 0 where
 * nothing can be said.
 */
export function worseBy({ row, from, to }: Pick<Finding, "row" | "from" | "to">): number {
  if (from === undefined || to === undefined || from === to || row.direction === "none") return 0;
  return (row.direction === "lower" ? to - from : from - to) / (isInPercent(row) ? 100 : Math.abs(from));
}

export const isInPercent = ({ unit }: ResultRow): boolean => unit === "%";

type Case = ReadonlyMap<string, ResultRow>;

const isExact = (row: ResultRow): boolean => row.class === "exact" && row.sample === null;
const isFailed = (rows: Case): boolean => [...rows.values()].some(({ status }) => status === "failed");

const caseOf = ({ workload, engine, options, clock, harts }: ResultRow): string => [workload, engine, options, clock, harts].join("\n");
const figureOf = ({ metric, subject }: ResultRow): string => `${metric}\n${subject}`;

function casesOf(rows: readonly ResultRow[], side: string): Map<string, Case> {
  const cases = new Map<string, Map<string, ResultRow>>();
  for (const row of rows.filter(isExact)) {
    const key = `${row.profile}\n${caseOf(row)}`;
    const figures = cases.get(key) ?? new Map<string, ResultRow>();
    if (figures.has(figureOf(row))) throw new UsageError(`${side} has ${row.metric}${row.subject === "" ? "" : ` of ${row.subject}`} twice for ${row.workload} on ${row.engine} ${row.options}, ${row.harts} harts: name one of the files`);
    cases.set(key, figures.set(figureOf(row), row));
  }
  return cases;
}

/** For cases of BASE whose profile NEW does not have at all: the same case under a profile that BASE does not have. */
function otherProfile(before: ReadonlyMap<string, Case>, after: ReadonlyMap<string, Case>): Map<string, Case> {
  const first = (rows: Case): ResultRow => [...rows.values()][0];
  const profiles = (cases: ReadonlyMap<string, Case>) => new Set([...cases.values()].map((rows) => first(rows).profile));
  const [known, present] = [profiles(before), profiles(after)];
  const foreign = new Map([...after.values()].filter((rows) => !known.has(first(rows).profile)).map((rows) => [caseOf(first(rows)), rows]));
  return new Map([...before].flatMap(([key, rows]) => {
    const same = present.has(first(rows).profile) ? undefined : foreign.get(caseOf(first(rows)));
    return same === undefined ? [] : [[key, same]];
  }));
}

function compareCase(old: Case, measured: Case, limits: Limits, tally: { compared: number; unchanged: number }): Finding[] {
  const reason = refusal([...old.values()][0], [...measured.values()][0]);
  if (reason !== undefined) return [wholeCase("refused", measured, reason)];
  const figures = new Set([...old.keys(), ...measured.keys()]);
  return [...figures].flatMap((figure): Finding[] => {
    const [before, after] = [old.get(figure), measured.get(figure)];
    const row = after ?? before;
    // What has figures now and had none is new; what has none now is told by the figures that are gone.
    if (row === undefined || (row.metric === CASE_METRIC && (before === undefined || after === undefined))) return [];
    const [from, to] = [valueOf(before, row), valueOf(after, row)];
    if (from === undefined && to === undefined) return [];
    if (to === undefined) return [{ kind: "removed", row, from, note: "" }];
    if (from === undefined) return [{ kind: "new", row, to, note: "" }, ...beyondAlone([row], limits)];
    tally.compared++;
    if (from === to) tally.unchanged++;
    return judge({ row, from, to }, limits.of(row));
  });
}

/** Undefined where there is no figure. */
const valueOf = (row: ResultRow | undefined, { metric }: ResultRow): number | undefined => (
  row === undefined ? (ABSENT_IS_ZERO.includes(metric) ? 0 : undefined) : row.value ?? undefined);

function judge(change: { readonly row: ResultRow; readonly from: number; readonly to: number }, limit: Limit): Finding[] {
  const { row, from, to } = change;
  if (isBeyond(row, to, limit)) return [{ ...change, kind: "beyond", note: `limit ${limit.hard}` }];
  if (from === to) return [];
  const worse = worseBy(change);
  if (row.direction === "none") return [{ ...change, kind: "moved", note: "" }];
  if (worse < 0) return [{ ...change, kind: "better", note: "" }];
  return [worse > limit.soft / 100 ? { ...change, kind: "worse", note: "" } : { ...change, kind: "tolerated", note: `limit ${limit.soft} %` }];
}

const isBeyond = ({ direction }: ResultRow, value: number, { hard }: Limit): boolean => (
  hard !== undefined && (direction === "lower" ? value > hard : value < hard));

/** Of figures that BASE does not have. */
const beyondAlone = (rows: readonly ResultRow[], limits: Limits): Finding[] => rows.flatMap((row): Finding[] => {
  const limit = limits.of(row);
  return row.value !== null && isBeyond(row, row.value, limit) ? [{ kind: "beyond", row, to: row.value, note: `limit ${limit.hard}` }] : [];
});

/** Why two rows of the same case say nothing of each other. */
function refusal(before: ResultRow, after: ResultRow): string | undefined {
  const differences = COMPARABLE.filter((column) => before[column] !== after[column] && (column !== "revision" || before.clock === "model"))
    .map((column) => `${NAMES[column]} ${short(before[column])} → ${short(after[column])}`);
  return differences.length === 0 ? undefined : differences.join(", ");
}

/** What figures are counted from has a revision of the sources, which is meant to differ; the model's rules have one of their own. */
const COMPARABLE = ["schema", "profile", "revision", "image", "vms"] as const;
const NAMES = { schema: "schema version", profile: "profile", revision: "model revision", image: "guest images", vms: "virtual machines" } as const;

/** Hashes by their beginnings. */
const short = (value: string | number): string => String(value).replaceAll(/\b([0-9a-f]{8})[0-9a-f]{56}\b/g, "$1");

const wholeCase = (kind: FindingKind, rows: Case, note: string): Finding => ({ kind, row: { ...[...rows.values()][0], metric: "", subject: "" }, note });
