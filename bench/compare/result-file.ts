// A file of result rows, wherever its text comes from. Files of another schema version are told apart before they are read.

import { parse } from "csv-parse/sync";
import { UsageError } from "../exit-code.ts";
import { parseRows } from "../results/csv.ts";
import { type ResultRow, SCHEMA_VERSION } from "../results/schema.ts";

export interface ResultFile {
  /** For people, and to tell files apart. */
  readonly path: string;
  readonly rows: readonly ResultRow[];
}

/** The rows are of a schema that this tcbench does not read. */
export class OtherSchema extends UsageError {}

/** Throws an OtherSchema, or a UsageError where the text is not that of a result file. */
export function readResultFile(path: string, text: string): ResultFile {
  try {
    const version = versionOf(text);
    if (version !== undefined && version !== String(SCHEMA_VERSION)) {
      throw new OtherSchema(`${path} has schema version ${version}; this tcbench reads and compares version ${SCHEMA_VERSION}`);
    }
    return { path, rows: parseRows(text) };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: not a file of results: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** What the first record says; undefined where there is none, or no such column. */
function versionOf(text: string): string | undefined {
  const [first] = parse(text, { columns: true, to: 1 }) as Readonly<Record<string, string | undefined>>[];
  return first?.["schema"];
}
