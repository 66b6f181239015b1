// CSV files of result rows: written a few whole records at a time, read back through the schema.

import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import * as v from "valibot";
import { caseKey, COLUMNS, ResultRow } from "./schema.ts";

/** Rows that could not be written; what was there before is as it was. */
export class UnwrittenRows extends Error {
  override readonly name = "UnwrittenRows";
}

/** Creates the file with its header, and the folders above it. Fails if it exists. */
export function createCsv(path: string): void {
  makeFolder(dirname(resolve(path)));
  writeFileSync(path, stringify([COLUMNS]), { flag: "wx" });
}

/**
 * Appends whole records; `flushed`: they are on the disk when it returns. Where they cannot be written as a whole, as on a full
 * disk, the file stays as it was: throws UnwrittenRows.
 */
export function appendRows(path: string, rows: readonly ResultRow[], flushed?: "flushed"): void {
  if (rows.length === 0) return;
  try {
    const file = openSync(path, "a");
    try {
      const { size } = fstatSync(file);
      try {
        writeFileSync(file, formatRows(rows));
        if (flushed) fsyncSync(file);
      } catch (error) {
        if (fstatSync(file).isFile()) ftruncateSync(file, size);
        throw error;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new UnwrittenRows(unwritten(path, error));
  }
}

/** Replaces a file: at any time there is the old one or the new one. Throws UnwrittenRows. */
export function writeWhole(path: string, text: string): void {
  const beside = `${path}.new`;
  try {
    writeFileSync(beside, text, { flush: true });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new UnwrittenRows(unwritten(path, error));
  }
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

/** The rows of a file that was being appended to when its run ended, in whatever way; the file then has these alone. */
export function recoverRows(path: string, whole: boolean): ResultRow[] {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (whole) return parseRows(text);
  const rows = wholeCases(text);
  const recovered = formatFile(rows);
  if (recovered !== text) writeWhole(path, recovered);
  return rows;
}

/** Of a text cut off anywhere. Of the last case, nobody knows whether all rows have come: it does not count. */
export function wholeCases(text: string): ResultRow[] {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1);
  if (lines === "") return [];
  const rows = parseRows(lines);
  const last = rows.at(-1);
  return last === undefined ? [] : rows.filter((row) => caseKey(row) !== caseKey(last));
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

const unwritten = (path: string, error: unknown): string => `${path} cannot be written: ${(error as Error).message.split("\n")[0]}`;
