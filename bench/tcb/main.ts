// `npm run tcb`: where each engine's trusted computing base lies, module by module, and how much of it the
// quick run of the benchmark executes.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { type Column, formatTable } from "../report/table.ts";
import { executedStatements, runCovered } from "./coverage.ts";
import { addedFigures, type SourceFigures, sourceFigures } from "./figures.ts";
import { trustsGuests } from "./guest-bytes.ts";
import type { ReachedModule } from "./reach.ts";
import { reachOf, REPOSITORY } from "./tcb.ts";

interface CountedTcb {
  readonly engine: EngineDescription;
  readonly modules: readonly ReachedModule[];
  readonly source: SourceFigures;
  readonly added: SourceFigures;
  readonly executed: number;
}

const FIGURES: readonly (readonly [title: string, name: keyof SourceFigures])[] = [
  ["modules", "modules"], ["lines", "lines"], ["statements", "statements"], ["minified bytes", "bytes"],
  ["lock sites", "lockSites"], ["entry points", "entryPoints"],
];

async function countAll(): Promise<CountedTcb[]> {
  const baseline = await reachOf(ENGINES.uniprocessor);
  const counted: CountedTcb[] = [];
  for (const engine of Object.values<EngineDescription>(ENGINES)) {
    console.error(`${engine.name}: counting, and running the quick benchmark`);
    const modules = await reachOf(engine);
    const executed = executedStatements(REPOSITORY, modules, await quickRun(engine));
    counted.push({ engine, modules, source: sourceFigures(modules), added: addedFigures(modules, baseline), executed });
  }
  return counted;
}

/** What the quick run executes on one engine. Its figures are thrown away: they are of a run under coverage. */
async function quickRun({ name }: EngineDescription): ReturnType<typeof runCovered> {
  const results = await mkdtemp(join(tmpdir(), "tcbench-results-"));
  try {
    const words = ["--quick", "--engine", name, "--results", results];
    return await runCovered(join(REPOSITORY, "bench/main.ts"), words, [EXIT_CODE.fine.code, EXIT_CODE.contaminated.code]);
  } finally {
    await rm(results, { recursive: true });
  }
}

function report(counted: readonly CountedTcb[]): string {
  const name: Column<CountedTcb> = { title: "engine", align: "left", text: ({ engine }) => engine.name };
  const figures = (of: (row: CountedTcb) => SourceFigures): Column<CountedTcb>[] => FIGURES.map(
    ([title, figure]) => ({ title, align: "right", text: (row) => whole(of(row)[figure]) }),
  );
  const all: readonly Column<CountedTcb>[] = [
    name,
    ...figures(({ source }) => source),
    { title: "statements executed", align: "right", text: ({ executed, source }) => `${whole(executed)} (${Math.round((100 * executed) / source.statements)} %)` },
    { title: "guests", align: "left", text: ({ engine }) => (trustsGuests(engine.claims) ? "and every guest" : "none") },
  ];
  const paths = [...new Set(counted.flatMap(({ modules }) => modules.map(({ path }) => path)))].toSorted();
  const modules: readonly Column<string>[] = [
    { title: "statements of", align: "left", text: (path) => path },
    ...counted.map((row): Column<string> => ({ title: row.engine.name, align: "right", text: (path) => statementsIn(row, path) })),
  ];
  return [
    "Trusted computing base: what each engine's entry point reaches outside engines/machine",
    formatTable(all, counted),
    "",
    "Beyond the uniprocessor hypervisor",
    formatTable([name, ...figures(({ added }) => added)], counted),
    "",
    formatTable(modules, paths),
  ].join("\n");
}

function statementsIn({ modules }: CountedTcb, path: string): string {
  const module = modules.find((candidate) => candidate.path === path);
  return module ? whole(sourceFigures([module]).statements) : "-";
}

const whole = (value: number): string => value.toLocaleString("en-US");

console.log(report(await countAll()));
