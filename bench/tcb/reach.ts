// What an engine's entry point reaches through its imports: the modules, the top-level statements that
// tree shaking leaves in each, and its minified bytes. esbuild decides; nothing is listed by hand.

import { resolve } from "node:path";
import { decode } from "@jridgewell/sourcemap-codec";
import { build, type BuildOptions, type BuildResult } from "esbuild";
import type { SourceModule, Sources, TopLevelStatement } from "./source.ts";

/** The simulated hardware: in no engine's TCB. */
const MACHINE_FOLDER = "engines/machine/";

export interface ReachedModule {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly minifiedBytes: number;
  readonly statements: readonly TopLevelStatement[];
  readonly source: SourceModule;
}

/** An engine that the count would not be true of. */
export class UncountableEngine extends Error {
  override readonly name = "UncountableEngine";
}

/** Modules outside the machine that the code at `entry` (from the root of the tree) needs, in order of path. */
export async function reach(sources: Sources, entry: string): Promise<readonly ReachedModule[]> {
  const { root } = sources;
  const options = {
    absWorkingDir: root, entryPoints: [entry], outfile: "bundle.js",
    bundle: true, treeShaking: true, write: false, metafile: true,
    format: "esm", target: "esnext", platform: "node", logLevel: "silent",
  } as const satisfies BuildOptions;
  const [minified, readable] = await Promise.all([
    build({ ...options, minify: true }),
    build({ ...options, sourcemap: "external", sourcesContent: false }),
  ]);
  refuseHostModules(entry, minified);
  const kept = keptPositions(root, readable);
  const bytes = Object.entries(minified.metafile.outputs["bundle.js"].inputs);
  const modules = bytes.filter(([path]) => !path.startsWith(MACHINE_FOLDER)).map(([path, { bytesInOutput }]): ReachedModule => {
    const source = sources.read(path);
    const offsets = (kept.get(resolve(root, path)) ?? []).map(([line, column]) => source.lineStarts[line] + column);
    const statements = source.statements.filter(({ start, end }) => offsets.some((offset) => offset >= start && offset < end));
    return { path, minifiedBytes: bytesInOutput, statements, source };
  });
  return modules
    .filter(({ minifiedBytes, statements }) => minifiedBytes > 0 || statements.length > 0)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** An engine that calls the host would have a TCB that its sources do not show. */
function refuseHostModules(entry: string, result: BuildResult<{ metafile: true }>): void {
  for (const [path, input] of Object.entries(result.metafile.inputs)) {
    if (path.startsWith(MACHINE_FOLDER)) continue;
    const host = input.imports.find((imported) => imported.external === true);
    if (host) throw new UncountableEngine(`${path}, reached from ${entry}, imports ${host.path}: an engine stands on the machine alone`);
  }
}

/** Source file → positions (line, column; from 0) that the bundle has code from. */
function keptPositions(root: string, result: BuildResult<{ write: false }>): Map<string, [line: number, column: number][]> {
  const file = result.outputFiles.find(({ path }) => path.endsWith(".map"));
  if (!file) throw new Error("esbuild made no source map");
  const map = JSON.parse(file.text) as { sources: string[]; mappings: string };
  const positions = map.sources.map((): [number, number][] => []);
  for (const segment of decode(map.mappings).flat()) {
    if (segment.length === 1) continue;
    const [, source, line, column] = segment;
    positions[source].push([line, column]);
  }
  return new Map(map.sources.map((source, index) => [resolve(root, source), positions[index]]));
}
