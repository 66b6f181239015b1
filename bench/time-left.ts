// How long a run will still take: what was expected of each case, corrected by how long the cases so far took.

export class TimeLeft {
  readonly #expected: readonly number[];
  #ended = 0;
  #taken = 0;

  /** Of each case, in the order in which they run; any unit that is close to milliseconds. */
  constructor(expected: readonly number[]) {
    this.#expected = expected;
  }

  /** The next case has ended, so many milliseconds after the one before. */
  end(milliseconds: number): void {
    this.#ended++;
    this.#taken += milliseconds;
  }

  milliseconds(): number {
    const before = sum(this.#expected.slice(0, this.#ended));
    const factor = before === 0 ? 1 : this.#taken / before;
    return factor * sum(this.#expected.slice(this.#ended));
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
