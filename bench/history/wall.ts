// Runs of the wall clock on one host, one after another: a series for each figure, and where its mean changes.

import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readResultFile } from "../compare/result-file.ts";
import { caseKey, type ResultRow } from "../results/schema.ts";
import { type ChangePoint, findChangePoints } from "./change-points.ts";

interface Run {
  /** Of its file, which is its time. */
  readonly name: string;
  readonly rows: readonly ResultRow[];
}

export interface WallChange extends ChangePoint {
  readonly row: ResultRow;
  /** The last run before the change, and the first after it. */
  readonly last: Place;
  readonly first: Place;
}

interface Place {
  readonly run: string;
  readonly revision: string;
}

export interface HostHistory {
  readonly host: string;
  readonly runs: number;
  readonly series: number;
  /** Values left out: the host took the CPU away, or the case failed. */
  readonly leftOut: number;
  readonly changes: readonly WallChange[];
}

/** Of every host with runs in `results`, by the summaries of `metrics` of whole cases. */
export function wallHistory(results: string, metrics: readonly string[]): HostHistory[] {
  const files = globSync("wall/*/*.csv", { cwd: results }).sort();
  const hosts = Map.groupBy(files, (file) => basename(dirname(file)));
  return [...hosts].map(([host, own]) => hostHistory(host, own.map((file): Run => ({ name: basename(file, ".csv"), rows: readResultFile(join(results, file), readFileSync(join(results, file), "utf8")).rows })), metrics));
}

function hostHistory(host: string, runs: readonly Run[], metrics: readonly string[]): HostHistory {
  const values = runs.flatMap(({ name, rows }) => (
    rows.filter((row) => row.sample === null && row.subject === "" && row.clock === "wall" && metrics.includes(row.metric)).map((row) => ({ run: name, row }))));
  const good = values.filter(({ row }) => row.status === "ok" && row.value !== null);
  const series = [...Map.groupBy(good, ({ row }) => `${caseKey(row)}\n${row.metric}`).values()];
  const changes = series.flatMap((own) => findChangePoints(own.map(({ row }) => row.value ?? 0)).map((point): WallChange => ({
    ...point, row: own[point.index].row, last: placeOf(own[point.index - 1]), first: placeOf(own[point.index]),
  })));
  return { host, runs: runs.length, series: series.length, leftOut: values.length - good.length, changes };
}

const placeOf = ({ run, row }: { readonly run: string; readonly row: ResultRow }): Place => ({ run, revision: row.revision });
