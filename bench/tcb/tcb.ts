// The trusted computing base of an engine, counted from its sources: nothing here is typed in.

import { fileURLToPath } from "node:url";
import type { EngineDescription } from "../../engines/engine.ts";
import { addedFigures, type SourceFigures, sourceFigures } from "./figures.ts";
import { lockSites } from "./lock-sites.ts";
import { reach, type ReachedModule } from "./reach.ts";
import { Sources } from "./source.ts";

export interface TcbReport {
  /** Everything outside `engines/machine` that the engine's entry point needs. */
  readonly source: SourceFigures;
  /** The part of it that the baseline does not need. */
  readonly added: SourceFigures;
}

export type CountedEngine = Pick<EngineDescription, "entry">;

export const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Of each engine, in their order; reads the sources in the tree at `root` anew at every call. `added` is counted against
 * `baseline`, the uniprocessor hypervisor. Throws UncountableEngine when an engine leans on the host.
 */
export async function measureTcb(engines: readonly CountedEngine[], baseline: CountedEngine, root = REPOSITORY): Promise<readonly TcbReport[]> {
  const sources = new Sources(root);
  const [base, ...reached] = await Promise.all([baseline, ...engines].map(({ entry }) => reach(sources, `engines/${entry}`)));
  return reached.map((modules) => {
    const sites = lockSites(modules);
    return { source: sourceFigures(modules, sites), added: addedFigures(modules, base, sites) };
  });
}

/** What an engine's entry point reaches in the tree at `root`, in order of path. */
export function reachOf({ entry }: CountedEngine, root = REPOSITORY): Promise<readonly ReachedModule[]> {
  return reach(new Sources(root), `engines/${entry}`);
}
