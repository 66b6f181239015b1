// results/exact/<profile>/<workload>.csv: what the model clock gives, sorted, without anything of the host or the time, so
// that a run that finds the same leaves the files as they are. A run replaces the rows of the cases that it measured.

import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { UsageError } from "../exit-code.ts";
import { formatFile, makeFolder, parseRows, writeWhole } from "./csv.ts";
import { caseKey, type ResultRow } from "./schema.ts";

export const exactFolder = (results: string, profile: string): string => join(results, "exact", profile);

/** Before anything is measured: throws a UsageError where files of the folder cannot be read or written. */
export function prepareExact(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    filesOf(folder).forEach(readExact);
  } catch (error) {
    throw new UsageError(`results cannot be kept in ${folder}: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** Rows in the order of their files. */
export function sortExact(rows: readonly ResultRow[]): ResultRow[] {
  return [...rows].sort((left, right) => (
    compare(left.workload, right.workload) || compare(left.options, right.options) || compare(left.engine, right.engine) || left.harts - right.harts
    || compare(left.metric, right.metric) || compare(left.subject, right.subject)));
}

/** What was there, with the cases measured in the place of their own old rows; only those that `kept` says. */
export function mergeExact(old: readonly ResultRow[], measured: readonly ResultRow[], kept: (row: ResultRow) => boolean): ResultRow[] {
  const again = new Set(measured.map(caseKey));
  return sortExact([...old.filter((row) => !again.has(caseKey(row))), ...measured].filter(kept));
}

/**
 * Merges what was measured into the files of its workloads. `complete`: the run measured everything that `kept` is true of, so
 * that files of other workloads are of none any more. Answers the files that changed.
 */
export function writeExact(folder: string, measured: readonly ResultRow[], kept: (row: ResultRow) => boolean, complete: boolean): string[] {
  const byWorkload = Map.groupBy(measured.filter(kept), ({ workload }) => workload);
  const changed: string[] = [];
  for (const [workload, rows] of byWorkload) {
    const path = join(folder, `${workload}.csv`);
    const after = formatFile(mergeExact(existsSync(path) ? readExact(path) : [], rows, kept));
    if (existsSync(path) && readFileSync(path, "utf8") === after) continue;
    writeWhole(path, after);
    changed.push(path);
  }
  if (!complete) return changed;
  const gone = filesOf(folder).filter((path) => !byWorkload.has(basename(path, EXTENSION)));
  gone.forEach((path) => rmSync(path));
  return [...changed, ...gone];
}

const EXTENSION = ".csv";

const filesOf = (folder: string): string[] => readdirSync(folder).filter((file) => file.endsWith(EXTENSION)).map((file) => join(folder, file));

function readExact(path: string): ResultRow[] {
  try {
    return parseRows(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${basename(path)}: ${(error as Error).message}`, { cause: error });
  }
}

/** By code units: the same order on every host. */
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
