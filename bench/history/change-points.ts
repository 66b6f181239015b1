// Where the mean of a noisy series changes: E-divisive (Matteson and James, 2014), by absolute differences (alpha = 1), as
// MongoDB (2020) and Hunter (2023) use it on benchmarks. A series is divided where the two sides differ most, then its parts
// are, as long as a permutation test finds the next division unlikely to be chance.

import { mean, xorshift } from "../statistics.ts";

export interface ChangePoint {
  /** Of the first value after the change. */
  readonly index: number;
  /** Means from the change before to here, and from here to the next one. */
  readonly before: number;
  readonly after: number;
  /** By the permutation test. */
  readonly probability: number;
}

/** A change by chance is reported in one of so many series without any. */
export const LEVEL = 0.01;
/** Changes below this part of the mean are not reported: a host's caches and layouts do as much. */
export const LEAST_SIZE = 0.05;
const PERMUTATIONS = 499;
/** Values on each side of a division: of a single one, nothing says that it is no stray. */
const LEAST_VALUES = 2;
const SEED = 0x2545_f491;

/** The same series always has the same change points. */
export function findChangePoints(series: readonly number[], leastSize = LEAST_SIZE): ChangePoint[] {
  const divisions = new Map<number, number>();
  for (;;) {
    const parts = partsOf(series, [...divisions.keys()]);
    const found = bestOfParts(parts);
    if (found === undefined) break;
    const probability = probabilityOf(parts, found.strength);
    if (probability > LEVEL) break;
    divisions.set(found.index, probability);
  }
  return largeOf(series, divisions, leastSize);
}

interface Part {
  readonly start: number;
  readonly values: readonly number[];
}

function partsOf(series: readonly number[], divisions: readonly number[]): Part[] {
  const edges = [0, ...divisions.toSorted((left, right) => left - right), series.length];
  return edges.slice(1).map((end, index) => ({ start: edges[index], values: series.slice(edges[index], end) }));
}

interface Division {
  readonly index: number;
  readonly strength: number;
}

function bestOfParts(parts: readonly Part[]): Division | undefined {
  return parts.flatMap(({ start, values }) => {
    const best = bestDivision(values);
    return best === undefined ? [] : [{ index: start + best.index, strength: best.strength }];
  }).reduce<Division | undefined>((best, division) => (best === undefined || division.strength > best.strength ? division : best), undefined);
}

/**
 * The division whose sides X and Y, of m and n values, are furthest apart: m·n / (m + n) times twice the mean difference between
 * a value of X and one of Y, less the mean differences within X and within Y.
 */
export function bestDivision(values: readonly number[]): Division | undefined {
  const count = values.length;
  if (count < 2 * LEAST_VALUES) return undefined;
  let across = 0;
  let withinLeft = 0;
  let withinRight = 0;
  for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) withinRight += Math.abs(values[i] - values[j]);
  let best: Division | undefined;
  for (let index = 1; index <= count - LEAST_VALUES; index++) {
    const moved = values[index - 1];
    let toLeft = 0;
    let toRight = 0;
    for (let other = 0; other < index - 1; other++) toLeft += Math.abs(moved - values[other]);
    for (let other = index; other < count; other++) toRight += Math.abs(moved - values[other]);
    across += toRight - toLeft;
    withinLeft += toLeft;
    withinRight -= toRight;
    if (index < LEAST_VALUES) continue;
    const rest = count - index;
    const apart = (2 * across) / (index * rest) - (2 * withinLeft) / (index * (index - 1)) - (2 * withinRight) / (rest * (rest - 1));
    const strength = (apart * index * rest) / count;
    if (best === undefined || strength > best.strength) best = { index, strength };
  }
  return best;
}

/** How often values that change places within their parts are divided as strongly. No more than LEVEL asks for are tried. */
function probabilityOf(parts: readonly Part[], strength: number): number {
  const random = xorshift(SEED);
  let asStrong = 1;
  for (let permutation = 1; permutation <= PERMUTATIONS && asStrong <= LEVEL * (PERMUTATIONS + 1); permutation++) {
    const permuted = bestOfParts(parts.map(({ start, values }) => ({ start, values: shuffle(values, random) })));
    if (permuted !== undefined && permuted.strength >= strength) asStrong++;
  }
  return asStrong / (PERMUTATIONS + 1);
}

function shuffle(values: readonly number[], random: () => number): number[] {
  const shuffled = [...values];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [shuffled[index], shuffled[other]] = [shuffled[other], shuffled[index]];
  }
  return shuffled;
}

/** Leaves out the smallest change, and what lies beside it becomes one part, until all that are left are large enough. */
function largeOf(series: readonly number[], divisions: ReadonlyMap<number, number>, leastSize: number): ChangePoint[] {
  const left = new Map(divisions);
  for (;;) {
    const parts = partsOf(series, [...left.keys()]);
    const points = parts.slice(1).map(({ start, values }, index): ChangePoint => (
      { index: start, before: mean(parts[index].values), after: mean(values), probability: left.get(start) ?? 1 }));
    if (points.length === 0) return [];
    const smallest = points.reduce((least, point) => (sizeOf(point) < sizeOf(least) ? point : least));
    if (sizeOf(smallest) >= leastSize) return points;
    left.delete(smallest.index);
  }
}

/** Of the mean before. */
const sizeOf = ({ before, after }: ChangePoint): number => Math.abs(after - before) / Math.abs(before);
