// Reads the result files that a report is asked for: files as they are named, and those in folders, of runs the last of each host.

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import * as v from "valibot";
import { readResultFile } from "../compare/result-file.ts";
import { UsageError } from "../exit-code.ts";
import type { ResultRow } from "../results/schema.ts";

export interface ResultFile {
  readonly path: string;
  /** Whether it is one run, by its name, rather than what runs keep for good. */
  readonly run: boolean;
  readonly rows: readonly ResultRow[];
  /** Of the host, where a record of it lies beside the file. */
  readonly host: HostRecord | undefined;
}

/** As `20261123T045122-123Z.csv`: names of runs are their times. */
const RUN = /^\d{8}T\d{6}-\d{3}Z\.csv$/;

/** What of a folder of results is results of whole runs. */
const OF_RESULTS = ["exact", "wall", "model"];

/** Throws a UsageError of one line where something is not there, is no result file, or has no rows. */
export function readResults(paths: readonly string[]): ResultFile[] {
  const files = [...new Set(paths.flatMap(filesAt).map((path) => resolve(path)))].map(readFile);
  if (files.every(({ rows }) => rows.every(({ harts }) => harts === 0))) throw new UsageError(`no measurements in ${paths.join(", ")}: npm run bench measures some`);
  return files;
}

function filesAt(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file or folder`);
  if (!statSync(path).isDirectory()) return [path];
  const found = globSync(OF_RESULTS.some((folder) => existsSync(join(path, folder))) ? OF_RESULTS.map((folder) => `${folder}/**/*.csv`) : "**/*.csv", { cwd: path }).sort().map((file) => join(path, file));
  const last = new Map(found.filter((file) => RUN.test(basename(file))).map((file) => [dirname(file), file]));
  return found.filter((file) => !RUN.test(basename(file)) || last.get(dirname(file)) === file);
}

const readFile = (path: string): ResultFile => (
  { path, run: RUN.test(basename(path)), rows: readResultFile(relative(process.cwd(), path), readFileSync(path, "utf8")).rows, host: hostBeside(path) });

/** What a record of a host says, of this version of tcbench or of another. */
const HostRecord = v.object({
  started: v.string(), host: v.string(), cpu: v.string(), cores: v.number(), memoryBytes: v.number(), system: v.string(), node: v.string(), command: v.array(v.string()),
});
type HostRecord = v.InferOutput<typeof HostRecord>;

/** Undefined where there is none, or something else has its name: a report does without. */
function hostBeside(path: string): HostRecord | undefined {
  const beside = path.replace(/(\.csv)?$/, ".json");
  if (!existsSync(beside)) return undefined;
  const record = v.safeParse(v.pipe(v.string(), v.parseJson(), HostRecord), readFileSync(beside, "utf8"));
  return record.success ? record.output : undefined;
}
