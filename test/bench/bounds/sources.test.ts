// The proof from the sources, on the engines and on breaches planted in a copy of them.

import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ReachableFunction, withSources } from "../../../bench/bounds/call-graph.ts";
import { allFrom, depthOf } from "../../../bench/bounds/depth.ts";
import { reachOf, REPOSITORY } from "../../../bench/tcb/tcb.ts";
import { ENGINES } from "../../../engines/engines.ts";
import type { EngineDescription } from "../../../engines/engine.ts";

const engines = Object.values<EngineDescription>(ENGINES);
const allocations = (trap: ReachableFunction): string[] => [...allFrom(trap)].flatMap((one) => one.allocations);

async function trapsOf(root: string, of: readonly EngineDescription[]): Promise<ReachableFunction[]> {
  const modules = await Promise.all(of.map(async (engine) => (await reachOf(engine, root)).map(({ path }) => path)));
  return withSources(root, (sources) => of.map(({ entry }, index) => sources.reachable({ entry: `engines/${entry}`, method: "trap", modules: modules[index] })));
}

test("nothing that a trap can lead to recurs or allocates, on any engine", { timeout: 120_000 }, async () => {
  for (const [index, trap] of (await trapsOf(REPOSITORY, engines)).entries()) {
    const { name } = engines[index];
    expect(allFrom(trap).size, name).toBeGreaterThan(50);
    expect([name, depthOf(trap).kind, allocations(trap)]).toEqual([name, "bounded", []]);
  }
});

test("what allocates, and recursion through an interface, are found where they are planted in the SMP hypervisor", { timeout: 120_000 }, async () => {
  const root = await copyOfEngines();
  try {
    const path = join(root, "engines/scheduler/budget.ts");
    const source = await readFile(path, "utf8");
    const planted = source
      .replace("return memory.loadNumber(field(vcpu, VCPU.remaining)) > 0;", "return [{ vcpu }].some((one) => runs(memory, one.vcpu)) && this.again.hasTime(memory, vcpu);")
      .replace("implements Scheduler {", "implements Scheduler {\n  readonly again: Scheduler = this;");
    expect(planted).not.toBe(source);
    await writeFile(path, planted);
    const [trap] = await trapsOf(root, [ENGINES.smp]);
    const depth = depthOf(trap);
    expect(depth.kind === "recursive" ? depth.cycle.map(({ name }) => name) : []).toEqual(["BudgetScheduler.hasTime"]);
    expect(allocations(trap).map((found) => found.split(",")[0]).toSorted()).toEqual(["Array.some()", "array", "closure", "object"]);
  } finally {
    await rm(root, { recursive: true });
  }
});

async function copyOfEngines(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "bounds-"));
  await cp(join(REPOSITORY, "engines"), join(root, "engines"), { recursive: true });
  await cp(join(REPOSITORY, "package.json"), join(root, "package.json"));
  await writeFile(join(root, "tsconfig.json"), JSON.stringify({
    ...JSON.parse(await readFile(join(REPOSITORY, "tsconfig.json"), "utf8")) as object, include: ["engines"],
  }));
  await symlink(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  return root;
}
