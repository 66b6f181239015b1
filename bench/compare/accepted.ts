// results/accepted.csv: changes for the worse that somebody has reviewed, each line with a reason. A line accepts exactly the
// changes that it was written for, by their digest: what moves again afterwards is not accepted.

import { createHash } from "node:crypto";
import * as v from "valibot";
import { caseKey } from "../results/schema.ts";
import type { Finding, FindingKind } from "./compare.ts";
import { readReviewed, SELECTED, SELECTION, type Selection, selects } from "./selection.ts";

export const ACCEPTED_FILE = "results/accepted.csv";

/** What is not fine unless it is accepted. A case that failed cannot be. */
const ACCEPTABLE: readonly FindingKind[] = ["worse", "beyond", "refused", "removed"];
const COLUMNS = [...SELECTED, "changes", "reason"];
const DIGITS = 12;

const Line = v.strictObject({
  ...SELECTION,
  changes: v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/, "not a digest, as npm run compare prints it")),
  reason: v.pipe(v.string(), v.nonEmpty("what is accepted needs a reason")),
});
export type AcceptedLine = v.InferOutput<typeof Line>;

/** Throws a UsageError. */
export const readAccepted = (path: string, optional: boolean): AcceptedLine[] => readReviewed(path, optional, COLUMNS, Line);

export interface Acceptance {
  /** The findings that lines accept, and the reason. */
  readonly reasons: ReadonlyMap<Finding, string>;
  /** Lines that accept nothing, and why, for people. */
  readonly stale: readonly string[];
}

export function accept(findings: readonly Finding[], lines: readonly AcceptedLine[]): Acceptance {
  const reasons = new Map<Finding, string>();
  const stale: string[] = [];
  for (const line of lines) {
    const selected = findings.filter(({ kind, row }) => ACCEPTABLE.includes(kind) && selects(line, row));
    const digest = digestOf(selected);
    if (digest === line.changes) selected.forEach((finding) => reasons.set(finding, line.reason));
    else stale.push(`${lineText(line)}: ${selected.length === 0 ? "nothing of the kind has changed; remove the line" : `what has changed is not what was accepted; it is now ${digest}`}`);
  }
  return { reasons, stale };
}

/** Lines that would accept what is not accepted yet, for a reviewer to give reasons: one for each profile, workload and engine. */
export function proposeLines(findings: readonly Finding[], { reasons }: Acceptance): string[] {
  const acceptable = findings.filter(({ kind }) => ACCEPTABLE.includes(kind));
  const groups = Map.groupBy(acceptable, ({ row }) => [row.profile, row.workload, row.engine].join("\n"));
  return [...groups.values()].filter((group) => group.some((finding) => !reasons.has(finding))).map((group) => {
    const { profile, workload, engine } = group[0].row;
    return lineText({ profile, workload, engine, options: "*", harts: "*", subject: "*", metric: "*", changes: digestOf(group), reason: "WHY" });
  });
}

const digestOf = (findings: readonly Finding[]): string => createHash("sha256").update(findings.map(identity).sort().join("\0")).digest("hex").slice(0, DIGITS);

const identity = ({ row, from, to, note }: Finding): string => (
  [row.profile, caseKey(row), row.clock, row.metric, row.subject, from ?? "", to ?? "", from === undefined && to === undefined ? note : ""].join("\n"));

const lineText = (line: Selection & Pick<AcceptedLine, "changes" | "reason">): string => COLUMNS.map((column) => field(line[column as keyof typeof line])).join();

const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
