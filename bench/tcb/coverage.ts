// The part of the TCB that a run executed: V8's own block coverage, taken in the threads that run the engine.

import { Session, type Profiler } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { relative } from "node:path";
import { sum } from "./figures.ts";
import type { ReachedModule } from "./reach.ts";

/** Ranges of one file that V8 counted, outer before inner. Structured-cloneable. */
export interface FileCoverage {
  /** Absolute path. */
  readonly file: string;
  readonly functions: readonly (readonly CountedRange[])[];
}

/** Offsets are those of the source file: Node replaces types by spaces. */
export interface CountedRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/**
 * Watches this thread. Start it before the engine's modules are loaded, or their top-level statements look
 * as if they had never run. V8 then counts every block, which costs time: no measurement shares such a run.
 */
export class CoverageRecorder {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async start(): Promise<CoverageRecorder> {
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: true });
    return new CoverageRecorder(session);
  }

  /** What ran since the start, in modules read from files. Ends the watch. */
  async finish(): Promise<readonly FileCoverage[]> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    await this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
    return result.filter(({ url }) => url.startsWith("file:")).map(fileCoverage);
  }
}

/** Statements of `modules` that ran in at least one of the threads that `coverages` come from. */
export function executedStatements(root: string, modules: readonly ReachedModule[], coverages: readonly (readonly FileCoverage[])[]): number {
  const byPath = Map.groupBy(coverages.flat(), ({ file }) => relative(root, file));
  return sum(modules, ({ path, statements }) => {
    const threads = byPath.get(path) ?? [];
    return statements.flatMap((statement) => statement.statements)
      .filter((offset) => threads.some(({ functions }) => ran(functions, offset))).length;
  });
}

/** The smallest range around the offset says whether it ran; code that V8 names no range for never loaded. */
function ran(functions: FileCoverage["functions"], offset: number): boolean {
  let innermost: CountedRange | undefined;
  for (const ranges of functions) {
    for (const range of ranges) {
      const around = range.startOffset <= offset && offset < range.endOffset;
      if (around && (!innermost || size(range) <= size(innermost))) innermost = range;
    }
  }
  return innermost !== undefined && innermost.count > 0;
}

const size = ({ startOffset, endOffset }: CountedRange): number => endOffset - startOffset;

function fileCoverage({ url, functions }: Profiler.ScriptCoverage): FileCoverage {
  return { file: fileURLToPath(url), functions: functions.map(({ ranges }) => ranges) };
}
