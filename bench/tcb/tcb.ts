// The trusted computing base of an engine, counted from its sources: nothing here is typed in.

import { fileURLToPath } from "node:url";
import type { EngineDescription } from "../../engines/engine.ts";
import { beyond, type SourceFigures, sourceFigures, sum } from "./figures.ts";
import { loadedBytes, trustsGuests } from "./guest-bytes.ts";
import { reach } from "./reach.ts";

export interface TcbReport {
  /** Everything outside `engines/machine` that the engine's entry point needs. */
  readonly source: SourceFigures;
  /** The part of it that the baseline does not need. */
  readonly added: SourceFigures;
  /** Code and data of the guests that the engine has to trust. */
  readonly guestBytes: number;
  /** The same by module, in order of path from the root of the repository. */
  readonly modules: readonly ({ readonly path: string } & SourceFigures)[];
}

export type CountedEngine = Pick<EngineDescription, "entry" | "claims">;

export interface TcbOptions {
  /** What `added` is counted against: the uniprocessor hypervisor. */
  readonly baseline: CountedEngine;
  /** ELF files of the guests it runs, one for each VM. */
  readonly images: readonly Uint8Array[];
  /** Root of the source tree; by default the one this file is in. */
  readonly root?: string;
}

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Reads the sources anew at every call. Throws UncountableEngine when the engine leans on the host. */
export async function measureTcb(engine: CountedEngine, { baseline, images, root = REPOSITORY }: TcbOptions): Promise<TcbReport> {
  const [modules, baselineModules] = await Promise.all(
    [engine, baseline].map(({ entry }) => reach(root, `engines/${entry}`)),
  );
  return {
    source: sourceFigures(modules),
    added: sourceFigures(beyond(modules, baselineModules)),
    guestBytes: trustsGuests(engine.claims) ? sum(images, loadedBytes) : 0,
    modules: modules.map((module) => ({ path: module.path, ...sourceFigures([module]) })),
  };
}
