// The rank-sum test of Mann and Whitney (1947), two-sided, and over strata as van Elteren (1960) adds it up: values are compared
// within a stratum only, so that what one stratum has in common does not count. One stratum is the test of Mann and Whitney.
// Strata are meant to be of one size, as rounds are: his weights are then all the same, and are left out here.

export interface Stratum {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export interface RankSum {
  /** Pairs within strata in which b is the higher, ties counting half. */
  readonly u: number;
  readonly p: number;
  readonly exact: boolean;
}

/** Exact where no values tie and there are at most so many pairs, else by the normal approximation. */
const MOST_PAIRS = 2_500;

/** Every stratum has a value of either side at least. */
export function rankSumTest(strata: readonly Stratum[]): RankSum {
  const u = sum(strata.map(pairsWon));
  const ties = strata.some(({ a, b }) => new Set([...a, ...b]).size < a.length + b.length);
  const exact = !ties && sum(strata.map(({ a, b }) => a.length * b.length)) <= MOST_PAIRS;
  return { u, exact, p: exact ? exactP(strata, u) : approximateP(strata, u) };
}

/** The smallest p that such strata can give, which is that of all values of one side being higher. */
export function smallestP(sizes: readonly { readonly a: number; readonly b: number }[]): number {
  return Math.min(1, 2 * sizes.reduce((product, { a, b }) => product / binomial(a + b, a), 1));
}

function pairsWon({ a, b }: Stratum): number {
  return sum(a.flatMap((low) => b.map((high) => (high > low ? 1 : high === low ? 0.5 : 0))));
}

function exactP(strata: readonly Stratum[], u: number): number {
  const probabilities = strata.map(({ a, b }) => distribution(a.length, b.length)).reduce(convolve, [1]);
  const below = sum(probabilities.slice(0, u + 1));
  const above = sum(probabilities.slice(u));
  return Math.min(1, 2 * Math.min(below, above));
}

/** Probability of each u, where every order of the values is as likely: the coefficients of the Gaussian binomial. */
function distribution(a: number, b: number): number[] {
  let ways = [1];
  // Product of (1 - q^(a+i)) / (1 - q^i) for i = 1 to b; each factor leaves a polynomial with whole coefficients.
  for (let i = 1; i <= b; i++) {
    const product = new Array<number>(ways.length + a + i).fill(0);
    ways.forEach((count, at) => {
      product[at] += count;
      product[at + a + i] -= count;
    });
    for (let at = i; at < product.length; at++) product[at] += product[at - i];
    ways = product.slice(0, a * i + 1);
  }
  const all = binomial(a + b, a);
  return ways.map((count) => count / all);
}

function convolve(left: readonly number[], right: readonly number[]): number[] {
  const product = new Array<number>(left.length + right.length - 1).fill(0);
  left.forEach((one, at) => right.forEach((other, offset) => { product[at + offset] += one * other; }));
  return product;
}

/** With the correction for ties and that for continuity, as R's wilcox.test has them. */
function approximateP(strata: readonly Stratum[], u: number): number {
  const mean = sum(strata.map(({ a, b }) => (a.length * b.length) / 2));
  const variance = sum(strata.map(({ a, b }) => {
    const n = a.length + b.length;
    const tied = sum([...Map.groupBy([...a, ...b], (value) => value).values()].map(({ length }) => length ** 3 - length));
    return ((a.length * b.length) / 12) * (n + 1 - tied / (n * (n - 1)));
  }));
  if (variance === 0) return 1;
  const z = Math.max(0, Math.abs(u - mean) - 0.5) / Math.sqrt(variance);
  return Math.min(1, complementaryError(z / Math.SQRT2));
}

/**
 * 1 - erf(x) for x of at least 0: its series (Abramowitz and Stegun 7.1.6) where that converges fast, else its continued
 * fraction (7.1.14).
 */
function complementaryError(x: number): number {
  if (x < 2.5) {
    let term = x;
    let series = x;
    for (let n = 1; term > series * Number.EPSILON; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      series += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * series;
  }
  let fraction = x;
  for (let n = 100; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return Math.round(result);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
