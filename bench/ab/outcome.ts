// What became of each case, and what all of them come to: the words and the exit code, from one rule.

import { EXIT_CODE } from "../exit-code.ts";
import type { CaseVerdict } from "./judge.ts";

export type AbOutcome =
  | { readonly kind: "failed" | "absent"; readonly label: string; readonly reason: string }
  | ComparedCase;

export interface ComparedCase {
  readonly kind: "compared";
  readonly label: string;
  readonly rounds: number;
  readonly verdict: CaseVerdict;
  /** Units a second of CPU time: medians of all samples. */
  readonly a: number;
  readonly b: number;
  /** The ratio by the wall clock. */
  readonly wallRatio: number;
  readonly cpuToWall: number;
  readonly contaminated: boolean;
}

export interface Conclusion {
  readonly code: number;
  readonly words: string;
}

/** The first that holds, as README.md orders the exit codes. */
export function conclude(outcomes: readonly AbOutcome[]): Conclusion {
  const compared = outcomes.filter((outcome) => outcome.kind === "compared");
  if (outcomes.some(({ kind }) => kind === "failed")) return { code: EXIT_CODE.failedCase.code, words: "FAILED" };
  if (compared.some(({ verdict: { verdict } }) => verdict === "slower")) return { code: EXIT_CODE.regression.code, words: "REGRESSION" };
  if (compared.length < outcomes.length) return { code: EXIT_CODE.notCompared.code, words: compared.length === 0 ? "NOTHING COMPARED" : "NOT ALL COMPARED" };
  if (compared.some(({ contaminated }) => contaminated)) return { code: EXIT_CODE.contaminated.code, words: "NO REGRESSION SEEN, CONTAMINATED" };
  return { code: EXIT_CODE.fine.code, words: "NO REGRESSION" };
}
