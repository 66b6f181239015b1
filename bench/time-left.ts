// How long a run will still take: what was expected of each case, corrected by how long the cases so far took.

/** Expected time that counts as if it had been right: the first cases, for which everything is loaded and warmed up, say little. */
const PRIOR_MS = 10_000;

export class TimeLeft {
  readonly #expected: readonly number[];
  #ended = 0;
  #taken = 0;

  /** Milliseconds for each case, in the order in which they run. */
  constructor(expected: readonly number[]) {
    this.#expected = expected;
  }

  /** The next case has ended, so many milliseconds after the one before. */
  end(milliseconds: number): void {
    this.#ended++;
    this.#taken += milliseconds;
  }

  milliseconds(): number {
    const factor = (this.#taken + PRIOR_MS) / (sum(this.#expected.slice(0, this.#ended)) + PRIOR_MS);
    return factor * sum(this.#expected.slice(this.#ended));
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
