// What a comparison comes to: a line, an exit code, and the counts that both are made from.

import { EXIT_CODE } from "../exit-code.ts";
import type { Acceptance } from "./accepted.ts";
import type { Comparison, Finding, FindingKind } from "./compare.ts";

export interface Verdict {
  readonly code: number;
  /** For people, a line. */
  readonly line: string;
  /** Every number of the comparison, a line. */
  readonly counts: string;
}

/** Of the kinds that end a comparison badly unless they are accepted. */
const WORSE: readonly FindingKind[] = ["worse", "beyond"];
const NOT_COMPARED: readonly FindingKind[] = ["refused", "removed"];

export function judgeComparison({ compared, unchanged, noisy, findings }: Comparison, { reasons }: Acceptance): Verdict {
  const open = (kinds: readonly FindingKind[]): Finding[] => findings.filter((finding) => kinds.includes(finding.kind) && !reasons.has(finding));
  const all = (...kinds: FindingKind[]): number => findings.filter(({ kind }) => kinds.includes(kind)).length;
  const counts = [
    `${count(compared, "figure")} compared: ${whole(unchanged)} the same, ${whole(all("worse", "tolerated"))} worse, ${whole(all("better"))} better, ${whole(all("moved"))} moved`,
    `${whole(all("new"))} new, ${whole(all("removed"))} removed, ${whole(all("refused"))} refused, ${whole(all("failed"))} failed`,
    `${whole(reasons.size)} accepted`,
  ].join("; ");
  const verdict = (kind: keyof typeof EXIT_CODE, line: string): Verdict => ({ code: EXIT_CODE[kind].code, line, counts });
  if (all("failed") > 0) return verdict("failedCase", `FAILED: ${count(all("failed"), "case")} of NEW failed`);
  if (open(WORSE).length > 0) return verdict("regression", `REGRESSION: ${count(open(WORSE).length, "figure")} worse than may be`);
  if (compared === 0) return verdict("notCompared", `NOTHING COMPARED: ${emptyBecause(all("refused"), noisy)}`);
  if (open(NOT_COMPARED).length > 0) return verdict("notCompared", `NOT COMPARED: ${count(open(["removed"]).length, "removed")}, ${count(open(["refused"]).length, "refused")} of BASE`);
  if (findings.length === 0) return verdict("fine", "SAME: every figure is what it was");
  const changed = all("better", "moved", "tolerated", "new") + reasons.size;
  return verdict("fine", `NO REGRESSION: ${count(changed, "difference")}, none of them worse than may be`);
}

function emptyBecause(refused: number, noisy: number): string {
  if (refused > 0) return "no case of both sides can be compared";
  return noisy > 0 ? "NEW has figures of the wall clock only: npm run bench -- --ab REV compares those" : "the two sides have no figure in common";
}

const UNCOUNTED: readonly string[] = ["removed", "refused"];
const count = (number: number, noun: string): string => `${whole(number)} ${noun}${number === 1 || UNCOUNTED.includes(noun) ? "" : "s"}`;
const whole = (value: number): string => value.toLocaleString("en-US");
