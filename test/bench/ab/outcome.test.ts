// What the cases of a comparison come to: the words that are printed and the exit code say the same.

import { expect, test } from "vitest";
import type { CaseVerdict } from "../../../bench/ab/judge.ts";
import { type AbOutcome, type ComparedCase, conclude } from "../../../bench/ab/outcome.ts";
import { formatAb } from "../../../bench/ab/report.ts";
import { parseAbCommand } from "../../../bench/ab/request.ts";
import { vocabularyOf } from "../../../bench/vocabulary.ts";

const compared = (verdict: CaseVerdict["verdict"], more: Partial<ComparedCase> = {}): AbOutcome => ({
  kind: "compared", label: "a case", rounds: 10, a: 1, b: 1, wallRatio: 1, cpuToWall: 1, contaminated: false,
  verdict: { ratio: 1, low: 0.9, high: 1.1, p: 0.5, exact: true, verdict }, ...more,
});
const failed: AbOutcome = { kind: "failed", label: "another", reason: "it hung" };
const absent: AbOutcome = { kind: "absent", label: "another", reason: "A has no such case" };
const busy = compared("no difference", { contaminated: true });

test.each<[number, string, AbOutcome[]]>([
  [0, "NO REGRESSION", [compared("faster"), compared("no difference")]],
  [5, "NO REGRESSION SEEN, CONTAMINATED", [compared("no difference"), busy]],
  [4, "NOT ALL COMPARED", [absent, busy]],
  [4, "NOTHING COMPARED", [absent]],
  [10, "REGRESSION", [compared("slower"), absent, busy]],
  [2, "FAILED", [failed, compared("slower"), absent, busy]],
])("%i, %s", (code, words, outcomes) => {
  expect(conclude(outcomes)).toEqual({ code, words });
  const request = parseAbCommand(["--ab", "main"], vocabularyOf([], []), 2);
  if (request === "help") throw new Error("no request");
  expect(formatAb(outcomes, request)).toMatch(new RegExp(`^${words}: \\d compared`, "m"));
});
