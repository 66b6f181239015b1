// Where the model clock's rows are kept: those of the sweep in results/exact, for good; all others in a file of the run.

import { dirname } from "node:path";
import { type BenchCase, keyOfCase } from "../case.ts";
import { formatFile, makeFolder, writeWhole } from "../results/csv.ts";
import { exactFolder, prepareExact, writeExact } from "../results/exact.ts";
import { caseKey, type ResultRow } from "../results/schema.ts";

export class ModelResults {
  readonly #folder: string;
  readonly #other: string;
  readonly #sweep: ReadonlySet<string>;
  /** For people, where the rows are. */
  #places: readonly string[] = [];

  /** `sweep`: the cases whose rows are kept for good; `other`: the run's file for all others. Throws a UsageError where nothing can be written. */
  constructor(results: string, profile: string, sweep: readonly BenchCase[], other: string) {
    this.#folder = exactFolder(results, profile);
    this.#other = other;
    this.#sweep = new Set(sweep.map(keyOfCase));
    if (sweep.length > 0) prepareExact(this.#folder);
  }

  /** At the end. `complete`: whether the run measured the whole sweep. */
  write(rows: readonly ResultRow[], complete: boolean): void {
    const sweep = rows.filter(this.#isOfSweep);
    const others = rows.filter((row) => !this.#isOfSweep(row));
    const places: string[] = [];
    if (sweep.length > 0) {
      const changed = writeExact(this.#folder, sweep, this.#isOfSweep, complete);
      places.push(`Every figure of the model clock's sweep: ${this.#folder}; ${changed.length === 0 ? "nothing has changed there" : `changed: ${changed.length} of its files`}`);
    }
    if (others.length > 0) {
      makeFolder(dirname(this.#other));
      writeWhole(this.#other, formatFile(others));
      places.push(`Its figures of other cases: ${this.#other}`);
    }
    this.#places = places;
  }

  describe(): string[] {
    return [...this.#places];
  }

  readonly #isOfSweep = (row: ResultRow): boolean => this.#sweep.has(caseKey(row));
}
