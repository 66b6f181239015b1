// A run that is under way, on the disk: what it was asked for, and the rows of the model clock as they come.
// results/unfinished/<run>/ while it lasts; results/shards/<i>-of-<n>/ of one job of several, for good.

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../exit-code.ts";
import { appendRows, createCsv, makeFolder, recoverRows, UnwrittenRows, writeWhole } from "../results/csv.ts";
import { type Environment, runName } from "../results/environment.ts";
import type { ResultRow } from "../results/schema.ts";
import { type Shard, shardName } from "./shard.ts";

const RECORD = "run.json";
const ROWS = "rows.csv";

const RunRecord = v.object({
  /** The flags, without those that say where, how and which part of it. */
  command: v.array(v.string()),
  /** Of the sources, for people; the sums are what is compared. */
  revision: v.string(),
  inputs: v.object({ sources: v.string(), images: v.string(), profile: v.string(), capture: v.string() }),
  shard: v.string(),
  finished: v.boolean(),
  /** The wall clock's file; empty without one. */
  wall: v.string(),
  /** Of the process that measures. */
  host: v.string(),
  process: v.number(),
  /** When that began: ids come again, in containers the same ones. */
  processStarted: v.string(),
  environment: v.custom<Environment>((value) => typeof value === "object" && value !== null),
});
export type RunRecord = v.InferOutput<typeof RunRecord>;

export class Journal {
  readonly folder: string;
  #record: RunRecord;
  /** Once they have been read. */
  #rows: readonly ResultRow[] | undefined;

  /** Begins one, in the place of what was there. Throws a UsageError where it cannot be written. */
  static begin(folder: string, record: RunRecord): Journal {
    try {
      rmSync(folder, { recursive: true, force: true });
      createCsv(join(folder, ROWS));
      const journal = new Journal(folder, record);
      journal.#write(record);
      return journal;
    } catch (error) {
      throw new UsageError(`results cannot be written to ${folder}: ${(error as Error).message.split("\n")[0]}`);
    }
  }

  /** Undefined where there is none. */
  static at(folder: string): Journal | undefined {
    const path = join(folder, RECORD);
    if (!existsSync(path)) return undefined;
    try {
      return new Journal(folder, v.parse(RunRecord, JSON.parse(readFileSync(path, "utf8"))));
    } catch (error) {
      throw new UsageError(`${path} is not the record of a run: ${(error as Error).message.split("\n")[0]}`);
    }
  }

  private constructor(folder: string, record: RunRecord) {
    this.folder = folder;
    this.#record = record;
  }

  get record(): RunRecord {
    return this.#record;
  }

  /** The rows so far, of whole cases. Of a run that has not finished, whatever may not be whole is forgotten, and measured again.
   *  Throws a UsageError where they are damaged. */
  rows(): readonly ResultRow[] {
    this.#rows ??= this.#read();
    return this.#rows;
  }

  /** Keeps the rows of a case, for good when it returns. */
  append(rows: readonly ResultRow[]): void {
    const before = this.rows();
    appendRows(join(this.folder, ROWS), rows, "flushed");
    this.#rows = [...before, ...rows];
  }

  /** This process goes on with it. */
  takeOver(): void {
    this.#write({ ...this.#record, ...measuredBy(process.pid) });
  }

  /** Where the wall clock's rows go. */
  useWallFile(wall: string): void {
    this.#write({ ...this.#record, wall });
  }

  /** All its rows have come, and are to stay. */
  finish(): void {
    this.#write({ ...this.#record, finished: true });
  }

  /** Its rows are elsewhere now. */
  remove(): void {
    rmSync(this.folder, { recursive: true });
    const others = dirname(this.folder);
    if (readdirSync(others).length === 0) rmdirSync(others);
  }

  /** Whether a process of this host is still measuring it. */
  isRunning(): boolean {
    const { host, process: id, processStarted, finished } = this.#record;
    return !finished && host === hostname() && id !== process.pid && isAlive(id) && processStarted === startOf(id);
  }

  #read(): readonly ResultRow[] {
    const path = join(this.folder, ROWS);
    try {
      return recoverRows(path, this.#record.finished);
    } catch (error) {
      if (error instanceof UnwrittenRows) throw error;
      throw new UsageError(`${path} is not what a run leaves: ${(error as Error).message.split("\n")[0]}`);
    }
  }

  #write(record: RunRecord): void {
    makeFolder(this.folder);
    writeWhole(join(this.folder, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
    this.#record = record;
  }
}

/** Where a run is while it lasts. */
export const journalFolder = (results: string, shard: Shard | undefined, environment: Environment): string => (
  shard === undefined ? join(results, UNFINISHED, runName(environment)) : shardFolder(results, shard));

export const shardFolder = (results: string, shard: Shard): string => join(results, SHARDS, shardName(shard).replace("/", "-of-"));

/** The run begun last that has not finished; with `shard`, that job's. */
export function findUnfinished(results: string, shard: Shard | undefined): Journal | undefined {
  if (shard !== undefined) return Journal.at(shardFolder(results, shard));
  return journalsIn(join(results, UNFINISHED)).at(-1);
}

/** Of all jobs that left their rows in a folder. */
export const shardsIn = (results: string): Journal[] => journalsIn(join(results, SHARDS));

const UNFINISHED = "unfinished";
const SHARDS = "shards";

/** In the order of their names, which begin with the time. */
function journalsIn(folder: string): Journal[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.flatMap((name) => Journal.at(join(folder, name)) ?? []);
}

/** What a record says of who measures. */
export const measuredBy = (id: number): Pick<RunRecord, "host" | "process" | "processStarted"> => ({ host: hostname(), process: id, processStarted: startOf(id) });

/** In ticks since the host started, as Linux says (proc(5), /proc/pid/stat, field 22); empty elsewhere. */
function startOf(id: number): string {
  try {
    const text = readFileSync(`/proc/${id}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}
