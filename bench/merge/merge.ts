// The rows of several jobs, each of which measured a part of one run, as one run would have left them.

import { UsageError } from "../exit-code.ts";
import { formatRows } from "../results/csv.ts";
import { caseKey, type ResultRow } from "../results/schema.ts";
import type { ExactWork } from "../resume/exact-work.ts";
import { type Journal, type RunRecord, shardsIn } from "../resume/journal.ts";

/** What all jobs have been asked for, checked. Throws a UsageError where they are not all parts of one run, or one is missing. */
export function wholeRun(folders: readonly string[]): { readonly journals: readonly Journal[]; readonly record: RunRecord } {
  const journals = folders.flatMap((folder) => {
    const found = shardsIn(folder);
    if (found.length === 0) throw new UsageError(`${folder} has no shards: give folders that --results named with --shard`);
    return found;
  });
  const [{ record, folder: first }] = journals;
  for (const { record: other, folder } of journals) {
    if (JSON.stringify(whatOf(other)) !== JSON.stringify(whatOf(record))) throw new UsageError(`${folder} is not of the same run as ${first}: ${difference(other, record)}`);
    if (!other.finished) throw new UsageError(`shard ${other.shard} in ${folder} has not finished: go on with it there, npm run bench -- --shard ${other.shard} --resume DIR`);
  }
  const count = countOf(record);
  const missing = Array.from({ length: count }, (_, index) => `${index + 1}/${count}`).filter((shard) => journals.every((journal) => journal.record.shard !== shard));
  if (missing.length > 0) throw new UsageError(`of ${count} shards, ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing`);
  return { journals, record };
}

/** All rows of a run's work in the order of its plan, and the cases that two jobs have measured differently. */
export function unite({ cases }: Pick<ExactWork, "cases">, journals: readonly Pick<Journal, "rows">[]): { readonly rows: ResultRow[]; readonly differing: string[] } {
  const measured = journals.map((journal) => Map.groupBy(journal.rows(), caseKey));
  const differing: string[] = [];
  const rows = cases.flatMap(({ key, label }) => {
    const copies = measured.flatMap((byCase) => (byCase.has(key) ? [byCase.get(key) ?? []] : []));
    if (copies.length === 0) throw new UsageError(`no shard has measured ${label}`);
    if (new Set(copies.map(formatRows)).size > 1) differing.push(label);
    return copies[0];
  });
  return { rows, differing };
}

const countOf = ({ shard }: RunRecord): number => Number(shard.split("/")[1]);

/** What is the same in all parts of one run. */
const whatOf = (record: RunRecord): Partial<Record<string, unknown>> => ({ shards: countOf(record), flags: record.command.join(" "), ...record.inputs });

function difference(one: RunRecord, other: RunRecord): string {
  const [left, right] = [whatOf(one), whatOf(other)];
  const name = Object.keys(left).find((key) => left[key] !== right[key]) ?? "";
  return `${name} ${String(left[name])}, not ${String(right[name])}`;
}
