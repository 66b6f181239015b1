// What a run measures on the model clock, whatever that is: cases whose rows are the same wherever and whenever they are
// measured. So it can go on where it was interrupted, and be dealt to several jobs.

import type { Progress } from "../progress.ts";
import { outcomeOf } from "../results/outcome.ts";
import { caseKey, type ResultRow } from "../results/schema.ts";
import type { Journal } from "./journal.ts";
import { casesOfShard, type Shard } from "./shard.ts";

export interface ExactCase {
  /** That its rows have: `caseKey`. */
  readonly key: string;
  readonly label: string;
  readonly estimateMs: number;
  /** Earlier cases that its rows are made with. */
  readonly needs: readonly number[];
}

export interface ExactWork {
  /** In the order in which they are measured. */
  readonly cases: readonly ExactCase[];
  /** Measures some cases, in their order, and with each all that it needs. */
  measure(chosen: readonly number[], interruption: AbortSignal, measured: (index: number, rows: readonly ResultRow[]) => void): Promise<void>;
  /** Puts rows where they belong. `complete`: they are of all cases. */
  write(rows: readonly ResultRow[], complete: boolean): void;
  /** Where they have gone, for people. */
  files(): string[];
}

/** The cases that are still to be measured, those included that they need. */
export function remaining({ cases }: Pick<ExactWork, "cases">, shard: Shard | undefined, done: ReadonlySet<string>): number[] {
  const mine = shard === undefined ? [...cases.keys()] : casesOfShard(cases.map(({ estimateMs }) => estimateMs), shard);
  const todo = new Set<number>();
  const add = (index: number): void => {
    todo.add(index);
    cases[index].needs.forEach(add);
  };
  mine.filter((index) => !done.has(cases[index].key)).forEach(add);
  return [...todo].sort((a, b) => a - b);
}

/** How long each of those takes a thread, roughly. */
export function remainingMs(work: ExactWork, journal: Journal, shard: Shard | undefined): number[] {
  return remaining(work, shard, new Set(journal.rows().map(caseKey))).map((index) => work.cases[index].estimateMs);
}

/** Measures what the journal does not have, and answers the rows of everything that it has then, in the order of the plan. */
export async function measureRemaining(work: ExactWork, journal: Journal, shard: Shard | undefined, progress: Progress, interruption: AbortSignal): Promise<ResultRow[]> {
  const rows: Map<string, readonly ResultRow[]> = Map.groupBy(journal.rows(), caseKey);
  await work.measure(remaining(work, shard, new Set(rows.keys())), interruption, (index, more) => {
    const { key, label } = work.cases[index];
    progress.begin(label);
    if (!rows.has(key)) journal.append(more);
    rows.set(key, more);
    progress.end(outcomeOf(more[0]));
  });
  return work.cases.flatMap(({ key }) => rows.get(key) ?? []);
}
