// The trusted computing base of an engine, counted from its sources: nothing here is typed in.

import { fileURLToPath } from "node:url";
import type { EngineDescription } from "../../engines/engine.ts";
import { addedFigures, type SourceFigures, sourceFigures } from "./figures.ts";
import { reach, type ReachedModule } from "./reach.ts";

export interface TcbReport {
  /** Everything outside `engines/machine` that the engine's entry point needs. */
  readonly source: SourceFigures;
  /** The part of it that the baseline does not need. */
  readonly added: SourceFigures;
}

export type CountedEngine = Pick<EngineDescription, "entry">;

export const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Reads the sources in the tree at `root` anew at every call. `added` is counted against `baseline`, the
 * uniprocessor hypervisor. Throws UncountableEngine when the engine leans on the host.
 */
export async function measureTcb(engine: CountedEngine, baseline: CountedEngine, root = REPOSITORY): Promise<TcbReport> {
  const [modules, baselineModules] = await Promise.all([engine, baseline].map((counted) => reachOf(counted, root)));
  return { source: sourceFigures(modules), added: addedFigures(modules, baselineModules) };
}

/** What an engine's entry point reaches in the tree at `root`, in order of path. */
export function reachOf({ entry }: CountedEngine, root = REPOSITORY): Promise<readonly ReachedModule[]> {
  return reach(root, `engines/${entry}`);
}
