// Which figures a line of a reviewed file (limits.csv, accepted.csv) is about, and how such files are read.

import { existsSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import * as v from "valibot";
import { UsageError } from "../exit-code.ts";
import type { ResultRow } from "../results/schema.ts";

/** Columns of a result row that select it; `*` stands for any text, also inside a word. */
export const SELECTED = ["profile", "workload", "engine", "options", "harts", "subject", "metric"] as const;

export type Selection = Readonly<Record<(typeof SELECTED)[number], string>>;

/** For the schema of a file's lines. */
export const SELECTION = Object.fromEntries(SELECTED.map((column) => [column, v.string()])) as Record<(typeof SELECTED)[number], v.StringSchema<undefined>>;

export function selects(selection: Selection, row: ResultRow): boolean {
  return SELECTED.every((column) => matches(selection[column], String(row[column])));
}

function matches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[^]*")}$`).test(text);
}

/** The lines of a reviewed file, checked; none where it is `optional` and not there. Throws a UsageError that names the line. */
export function readReviewed<Schema extends v.GenericSchema>(path: string, optional: boolean, columns: readonly string[], line: Schema): v.InferOutput<Schema>[] {
  if (optional && !existsSync(path)) return [];
  return attempt(path, () => {
    const [header, ...records] = parse(readFileSync(path, "utf8"), { relax_column_count: true });
    if (header?.join() !== columns.join()) throw new Error(`the first line is not ${columns.join()}`);
    return records.map((record, index) => {
      if (record.length !== columns.length) throw new Error(`record ${index + 1} has ${record.length} fields, not ${columns.length}`);
      const result = v.safeParse(line, Object.fromEntries(columns.map((column, at) => [column, record[at]])));
      if (!result.success) throw new Error(`record ${index + 1}, ${v.getDotPath(result.issues[0]) ?? "line"}: ${result.issues[0].message}`);
      return result.output;
    });
  });
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message.split("\n")[0]}`);
  }
}
