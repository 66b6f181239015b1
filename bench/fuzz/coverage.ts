// How much of each engine's trusted code fuzzing executes: the same coverage as `npm run tcb` reports of the benchmark.

import { join } from "node:path";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineName } from "../../engines/engine.ts";
import { type Column, formatTable } from "../report/table.ts";
import { executedStatements, runCovered } from "../tcb/coverage.ts";
import { sourceFigures } from "../tcb/figures.ts";
import { reachOf, REPOSITORY } from "../tcb/tcb.ts";
import type { FuzzRequest } from "./request.ts";

/** Machines that are counted, each with another seed and so with other options. */
const MACHINES = 6;
const MOST_CALLS = 5_000;

interface Covered {
  readonly engine: EngineName;
  /** By module: statements, and those that were executed. */
  readonly modules: ReadonlyMap<string, readonly [statements: number, executed: number]>;
}

export async function describeCoverage({ engines, seed, calls }: FuzzRequest): Promise<string> {
  const rows = await Promise.all(engines.map((engine) => covered(engine, seed, Math.min(calls, MOST_CALLS))));
  const total = ({ modules }: Covered, part: 0 | 1): number => [...modules.values()].reduce((sum, figures) => sum + figures[part], 0);
  const percent = (executed: number, statements: number): string => `${executed} of ${statements} (${Math.round((100 * executed) / statements)} %)`;
  const columns: readonly Column<Covered>[] = [
    { title: "engine", align: "left", text: ({ engine }) => engine },
    { title: "statements executed", align: "right", text: (row) => percent(total(row, 1), total(row, 0)) },
  ];
  const lacking = [...new Set(rows.flatMap(({ modules }) => [...modules].filter(([, [statements, executed]]) => executed < statements).map(([path]) => path)))].toSorted();
  const modules: readonly Column<string>[] = [
    { title: "not all executed of", align: "left", text: (path) => path },
    ...rows.map((row): Column<string> => ({
      title: row.engine, align: "right", text: (path) => { const of = row.modules.get(path); return of === undefined ? "-" : `${of[1]}/${of[0]}`; },
    })),
  ];
  return [formatTable(columns, rows), "", formatTable(modules, lacking)].join("\n");
}

async function covered(engine: EngineName, seed: number, calls: number): Promise<Covered> {
  const reached = await reachOf(ENGINES[engine]);
  const coverage = await runCovered(join(REPOSITORY, "bench/fuzz/covered.ts"), [engine, String(seed), String(calls), String(MACHINES)]);
  return {
    engine,
    modules: new Map(reached.map((module) => [module.path, [sourceFigures([module]).statements, executedStatements(REPOSITORY, [module], coverage)]])),
  };
}
