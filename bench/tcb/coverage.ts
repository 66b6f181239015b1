// The part of the TCB that a run executed: V8's own block coverage of every thread of a process, which Node
// writes into the folder that NODE_V8_COVERAGE names. Counting costs time: no measurement shares such a run.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as v from "valibot";
import { sum } from "./figures.ts";
import type { ReachedModule } from "./reach.ts";

/** What one thread ran of one file. */
export interface FileCoverage {
  /** Absolute path. */
  readonly file: string;
  readonly ranges: readonly CountedRange[];
}

/** Offsets are those of the source file: Node replaces types by spaces. */
interface CountedRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

const Range = v.object({ startOffset: v.number(), endOffset: v.number(), count: v.number() });
const ThreadCoverage = v.object({
  result: v.array(v.object({ url: v.string(), functions: v.array(v.object({ ranges: v.array(Range) })) })),
});

/** Runs a TypeScript program to its end under the Node of this process. Rejects when it fails to start or answers a code that is not in `accepted`. */
export async function runCovered(program: string, words: readonly string[], accepted: readonly number[] = [0]): Promise<readonly FileCoverage[]> {
  const folder = await mkdtemp(join(tmpdir(), "tcbench-coverage-"));
  try {
    await promisify(execFile)(process.execPath, [program, ...words], { env: { ...process.env, NODE_V8_COVERAGE: folder }, maxBuffer: Infinity })
      .catch((error: unknown) => {
        if (!accepted.some((code) => (error as { code?: unknown }).code === code)) throw error;
      });
    const threads = await Promise.all((await readdir(folder)).map((name) => readThread(join(folder, name))));
    return threads.flat();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Statements of `modules`, whose paths are from `root`, that ran in at least one thread. */
export function executedStatements(root: string, modules: readonly ReachedModule[], coverage: readonly FileCoverage[]): number {
  const byPath = Map.groupBy(coverage, ({ file }) => relative(root, file));
  return sum(modules, ({ path, statements }) => {
    const threads = byPath.get(path) ?? [];
    return statements.flatMap((statement) => statement.statements)
      .filter((offset) => threads.some(({ ranges }) => ran(ranges, offset))).length;
  });
}

async function readThread(path: string): Promise<readonly FileCoverage[]> {
  const { result } = v.parse(ThreadCoverage, JSON.parse(await readFile(path, "utf8")));
  return result.filter(({ url }) => url.startsWith("file:")).map(({ url, functions }) => (
    { file: fileURLToPath(url), ranges: functions.flatMap(({ ranges }) => ranges) }
  ));
}

/** The smallest range around the offset says whether it ran; a module that was never loaded has none. */
function ran(ranges: readonly CountedRange[], offset: number): boolean {
  let innermost: CountedRange | undefined;
  for (const range of ranges) {
    const around = range.startOffset <= offset && offset < range.endOffset;
    if (around && (!innermost || size(range) <= size(innermost))) innermost = range;
  }
  return innermost !== undefined && innermost.count > 0;
}

const size = ({ startOffset, endOffset }: CountedRange): number => endOffset - startOffset;
