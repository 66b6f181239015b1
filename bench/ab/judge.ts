// What rounds of two sides say of every case: slower or faster only where a rank test, corrected for the number of cases, and
// the whole interval of the ratio both say so.

import { holm } from "./holm.ts";
import { type RankSum, rankSumTest, smallestP, type Stratum } from "./rank-sum.ts";
import { type Ratio, ratioOfPairs } from "./ratio.ts";

/** When a difference counts. */
export interface Criteria {
  /** Of Holm's adjusted p. */
  readonly level: number;
  /** In percent: the whole interval of the ratio must be further from 1. */
  readonly threshold: number;
}

export interface CaseVerdict extends Ratio, Pick<RankSum, "exact"> {
  /** Adjusted. */
  readonly p: number;
  readonly verdict: "slower" | "faster" | "no difference";
}

/** Of the throughputs of cases, round by round. */
export function judgeCases(cases: readonly (readonly Stratum[])[], { level, threshold }: Criteria): CaseVerdict[] {
  const tests = cases.map(rankSumTest);
  const adjusted = holm(tests.map(({ p }) => p));
  return cases.map((strata, index): CaseVerdict => {
    const ratio = ratioOfPairs(strata);
    const beyond = ratio.high < 1 - threshold / 100 ? "slower" : ratio.low > 1 + threshold / 100 ? "faster" : "no difference";
    return { ...ratio, p: adjusted[index], exact: tests[index].exact, verdict: adjusted[index] < level ? beyond : "no difference" };
  });
}

/** Samples of either side in a round: A B B A. */
export const SAMPLES_OF_SIDE = 2;

/** The smallest adjusted p that so many rounds can give. */
export const smallestAdjusted = (rounds: number, cases: number): number => (
  Math.min(1, cases * smallestP(Array.from({ length: rounds }, () => ({ a: SAMPLES_OF_SIDE, b: SAMPLES_OF_SIDE })))));

/** The fewest rounds that can reach the level. */
export function fewestRounds(level: number, cases: number): number {
  let rounds = 1;
  while (smallestAdjusted(rounds, cases) >= level) rounds++;
  return rounds;
}
