// The noisy class: machines on the wall clock of this host, some with a slowdown planted in the engine, compared as bench --ab
// does. Rounds are dear, so that a pool of them is measured, and comparisons of as many rounds as --ab takes are drawn from it.

import { fileURLToPath } from "node:url";
import type { EngineName } from "../../engines/engine.ts";
import { judgeCases, SAMPLES_OF_SIDE } from "../ab/judge.ts";
import { rankSumTest, type Stratum } from "../ab/rank-sum.ts";
import { type Ratio, ratioOfPairs } from "../ab/ratio.ts";
import { DEFAULTS } from "../ab/request.ts";
import { measureSamples, type Sample, type Start, startIn } from "../ab/rounds.ts";
import { CaseFailure } from "../failure.ts";
import { median, xorshift } from "../statistics.ts";

/** A guest that traps all the time, on one hart. */
export const NOISY_CASE: { readonly workload: string; readonly engine: EngineName; readonly harts: number } = { workload: "hypercall-base", engine: "uniprocessor", harts: 1 };
export const DRAWS = 1_000;

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = "bench/regress/planted-sample.ts";
/** As many loads for each trap as roughly double its time, to find out what one costs on this host. */
const CALIBRATION_LOADS = 10;
const SEED = 0x6c07_8965;

export interface PoolRound {
  /** The engine as it is, and once more. */
  readonly plain: readonly Sample[];
  readonly again: readonly Sample[];
  /** With each slowdown. */
  readonly slower: readonly (readonly Sample[])[];
}

export interface NoisyOutcome extends Ratio {
  readonly alarms: number;
  readonly draws: number;
}

/** Of one comparison's criteria and size: those of --ab. */
export const { rounds: ROUNDS_COMPARED, level: LEVEL, threshold: THRESHOLD } = DEFAULTS;

const start = (loads: number): Start => startIn(REPOSITORY, { ...NOISY_CASE, settings: {} }, [PROGRAM, String(loads)]);

/** Loads for each trap that slow units of work by so many percent on this host, by the median of some rounds. Throws a CaseFailure where they cannot be told. */
export async function calibrate(slowdowns: readonly number[], rounds: number, interruption: AbortSignal): Promise<number[]> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [one, two, three, four] = await measureSamples([0, CALIBRATION_LOADS, CALIBRATION_LOADS, 0].map(start), interruption);
    ratios.push((one.throughput + four.throughput) / (two.throughput + three.throughput));
  }
  const cost = (median(ratios) - 1) / CALIBRATION_LOADS;
  if (cost <= 0) throw new CaseFailure(`${CALIBRATION_LOADS} loads for each trap did not slow anything: the host is too busy`);
  return slowdowns.map((slowdown) => slowdown / (100 - slowdown) / cost);
}

/** All machines of a round run in turn, in one order and then in the opposite one. */
export async function measurePoolRound(loads: readonly number[], interruption: AbortSignal): Promise<PoolRound> {
  const arms = [0, 0, ...loads];
  const samples = await measureSamples([...arms, ...arms.toReversed()].map(start), interruption);
  const [plain, again, ...slower] = arms.map((_, arm) => [samples[arm], samples[samples.length - 1 - arm]]);
  return { plain, again, slower };
}

/** How often a comparison of rounds drawn from the pool finds a difference; one comparison where all rounds are in it. `other`: which side is compared with the engine as it is. */
export function compareDrawn(pool: readonly PoolRound[], other: (round: PoolRound) => readonly Sample[], most: number = DRAWS): NoisyOutcome {
  const strata = pool.map((round): Stratum => ({ a: throughputs(round.plain), b: throughputs(other(round)) }));
  const random = xorshift(SEED);
  const draws = strata.length > ROUNDS_COMPARED ? most : 1;
  let alarms = 0;
  for (let draw = 0; draw < draws; draw++) {
    const drawn = choose(strata, Math.min(ROUNDS_COMPARED, strata.length), random);
    if (rankSumTest(drawn).p < LEVEL && judgeCases([drawn], { level: LEVEL, threshold: THRESHOLD })[0].verdict !== "no difference") alarms++;
  }
  return { ...ratioOfPairs(strata), alarms, draws };
}

/** CPU time that harts received over the time for which they wanted it. */
export const cpuToWallOf = (pool: readonly PoolRound[]): number => (
  median(pool.flatMap(({ plain, again, slower }) => [plain, again, ...slower].flat()).map(({ cpuToWall }) => cpuToWall)));

const throughputs = (samples: readonly Sample[]): number[] => samples.slice(0, SAMPLES_OF_SIDE).map(({ throughput }) => throughput);

/** So many of the list, each once. */
function choose<T>(list: readonly T[], count: number, random: () => number): T[] {
  const left = [...list];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
}
