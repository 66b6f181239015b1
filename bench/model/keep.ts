// Where the model clock's rows are kept: those of the sweep in results/exact, for good; all others in a file of the run.

import { existsSync } from "node:fs";
import { type BenchCase, settingWords } from "../case.ts";
import { appendRows, createCsv } from "../results/csv.ts";
import { caseKey, exactFolder, prepareExact, writeExact } from "../results/exact.ts";
import type { ResultRow } from "../results/schema.ts";

export class ModelResults {
  readonly #folder: string;
  readonly #other: string;
  readonly #sweep: ReadonlySet<string>;
  readonly #rows: ResultRow[] = [];
  #changed: readonly string[] = [];

  /** `sweep`: the cases whose rows are kept for good; `other`: the run's file for all others. Throws a UsageError where nothing can be written. */
  constructor(results: string, profile: string, sweep: readonly BenchCase[], other: string) {
    this.#folder = exactFolder(results, profile);
    this.#other = other;
    this.#sweep = new Set(sweep.map((benchCase) => caseKey({ ...benchCase, options: settingWords(benchCase).join(" ") })));
    if (sweep.length > 0) prepareExact(this.#folder);
  }

  /** Takes the rows of a case. */
  keep(rows: readonly ResultRow[]): void {
    this.#rows.push(...rows.filter(this.#isOfSweep));
    const others = rows.filter((row) => !this.#isOfSweep(row));
    if (others.length > 0 && !existsSync(this.#other)) createCsv(this.#other);
    appendRows(this.#other, others);
  }

  /** At the end. `complete`: whether the run measured the whole sweep. */
  write(complete: boolean): void {
    if (this.#rows.length > 0) this.#changed = writeExact(this.#folder, this.#rows, this.#isOfSweep, complete);
  }

  /** For people, where the rows are. */
  describe(): string[] {
    const changed = this.#changed.length === 0 ? "nothing has changed there" : `changed: ${this.#changed.length} of its files`;
    return [
      ...(this.#rows.length === 0 ? [] : [`Every figure of the model clock's sweep: ${this.#folder}; ${changed}`]),
      ...(existsSync(this.#other) ? [`Its figures of other cases: ${this.#other}`] : []),
    ];
  }

  readonly #isOfSweep = (row: ResultRow): boolean => this.#sweep.has(caseKey(row));
}
