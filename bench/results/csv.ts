// CSV files of result rows: written a few whole records at a time, read back through the schema.

import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import * as v from "valibot";
import { COLUMNS, ResultRow } from "./schema.ts";

/** Creates the file with its header, and the folders above it. Fails if it exists. */
export function createCsv(path: string): void {
  makeFolder(dirname(resolve(path)));
  writeFileSync(path, stringify([COLUMNS]), { flag: "wx" });
}

/** Appends whole records with one write, so that an interrupted run leaves a valid file. */
export function appendRows(path: string, rows: readonly ResultRow[]): void {
  if (rows.length > 0) appendFileSync(path, formatRows(rows));
}

/** A whole file. */
export function formatFile(rows: readonly ResultRow[]): string {
  return stringify([COLUMNS]) + formatRows(rows);
}

/** Records without a header. */
export function formatRows(rows: readonly ResultRow[]): string {
  return stringify(rows.map((row) => COLUMNS.map((column) => formatField(row[column]))));
}

/** Rows of a CSV text with a header. Throws with the line and column of the first field that is wrong. */
export function parseRows(text: string): ResultRow[] {
  const records = parse(text, { columns: true }) as Record<string, string>[];
  return records.map((record, index) => {
    const result = v.safeParse(ResultRow, record);
    if (result.success) return result.output;
    const issue = result.issues[0];
    throw new Error(`record ${index + 1}, column ${v.getDotPath(issue) ?? "?"}: ${issue.message}`);
  });
}

/** Fields of records without a header. */
export const parseRecords = (text: string): string[][] => parse(text);

/** Numbers in their shortest form that reads back as the same number. */
const formatField = (value: string | number | null): string => (value === null ? "" : String(value));

/** One folder after another: Node's own recursive form does not end where the kernel answers "no such file", as below /proc. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
