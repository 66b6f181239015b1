// Sums over what an engine reaches, and over the part of it that another engine does not.

import { lockSites } from "./lock-sites.ts";
import type { ReachedModule } from "./reach.ts";

export interface SourceFigures {
  readonly modules: number;
  /** Source lines that carry code: comments, blank lines, imports and types do not count. */
  readonly lines: number;
  readonly statements: number;
  /** Tree-shaken and minified. */
  readonly bytes: number;
  /** Places where the engine takes a lock, itself or through a wrapper. */
  readonly lockSites: number;
  /** SBI extensions and functions, and causes of traps, that the engine decides on: each once. */
  readonly entryPoints: number;
}

/** `sites`: those of all that the engine reaches, of which `modules` may be a part. */
export function sourceFigures(modules: readonly ReachedModule[], sites = lockSites(modules)): SourceFigures {
  return {
    modules: modules.length,
    lines: sum(modules, ({ statements }) => new Set(statements.flatMap(({ lines }) => lines)).size),
    statements: sum(modules, (module) => sum(module.statements, ({ statements }) => statements.length)),
    bytes: sum(modules, ({ minifiedBytes }) => minifiedBytes),
    lockSites: sum(modules, (module) => sum(module.statements, (statement) => sites.get(statement) ?? 0)),
    entryPoints: entryPoints(modules).size,
  };
}

/** What `modules`, all that an engine reaches, hold that `base` does not: whole modules, and further top-level statements of common ones. */
export function addedFigures(modules: readonly ReachedModule[], base: readonly ReachedModule[], sites = lockSites(modules)): SourceFigures {
  return {
    ...sourceFigures(beyond(modules, base), sites),
    entryPoints: entryPoints(modules).difference(entryPoints(base)).size,
  };
}

export function sum<Item>(items: readonly Item[], figure: (item: Item) => number): number {
  return items.reduce((total, item) => total + figure(item), 0);
}

function beyond(modules: readonly ReachedModule[], base: readonly ReachedModule[]): readonly ReachedModule[] {
  const bases = new Map(base.map((module) => [module.path, module]));
  return modules.flatMap((module): ReachedModule[] => {
    const common = bases.get(module.path);
    if (!common) return [module];
    const starts = new Set(common.statements.map(({ start }) => start));
    const statements = module.statements.filter(({ start }) => !starts.has(start));
    if (statements.length === 0) return [];
    return [{ ...module, statements, minifiedBytes: Math.max(0, module.minifiedBytes - common.minifiedBytes) }];
  });
}

function entryPoints(modules: readonly ReachedModule[]): ReadonlySet<string> {
  return new Set(modules.flatMap(({ statements }) => statements.flatMap((statement) => statement.entryPoints)));
}
