// The count over the engines there are: on a copy of their sources, into which a module is planted.

import { appendFile, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourceFigures } from "../../bench/tcb/figures.ts";
import { trustsGuests } from "../../bench/tcb/guest-bytes.ts";
import { measureTcb, reachOf, type TcbReport } from "../../bench/tcb/tcb.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const engines: readonly EngineDescription[] = Object.values(ENGINES);
/** 5 lines, 4 statements, a lock site, an entry point. */
const PLANTED = `
import { EXTENSION } from "../sbi/numbers.ts";
/** Planted. */
export function planted(locks: { acquire(): void }, call: number): void {
  locks.acquire();
  if (call === EXTENSION.planted)
    throw new Error("planted");
}
`;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tcb-engines-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const difference = (after: SourceFigures, before: SourceFigures): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name as keyof SourceFigures]]));

const count = (engine: EngineDescription, from: string): Promise<TcbReport> =>
  measureTcb(engine, ENGINES.uniprocessor, from);

describe.each(engines)("$name", (engine) => {
  test("a planted module moves every figure by what it holds", async () => {
    const copy = join(root, engine.name);
    await cp(join(REPOSITORY, "engines"), join(copy, "engines"), { recursive: true });
    const before = await count(engine, copy);
    expect(before).toEqual(await count(engine, REPOSITORY));

    const entry = join(copy, "engines", engine.entry);
    await writeFile(join(dirname(entry), "planted.ts"), PLANTED);
    expect(await count(engine, copy)).toEqual(before); // nothing imports it yet
    await appendFile(entry, `\nexport { planted } from "./planted.ts";\n`);
    const after = await count(engine, copy);

    const moved = { modules: 1, lines: 5, statements: 4, lockSites: 1, entryPoints: 1 };
    expect(difference(after.source, before.source)).toMatchObject(moved);
    expect(after.source.bytes).toBeGreaterThan(before.source.bytes);
    // What the baseline gains, it does not add to itself.
    const gains = engine.name !== "uniprocessor";
    const none = { modules: 0, lines: 0, statements: 0, lockSites: 0, entryPoints: 0 };
    expect(difference(after.added, before.added)).toMatchObject(gains ? moved : none);
    expect(after.added.bytes > before.added.bytes).toBe(gains);
  });

  test("its report and its tests are not in its TCB, nor is the machine", async () => {
    const paths = (await reachOf(engine)).map(({ path }) => path);
    expect(paths.filter((path) => !/^engines\/(?!machine\/|report\/)/.test(path))).toEqual([]);
    expect(paths).toContain(`engines/${engine.entry}`);
  });
});

test("the guests of the microscheduler are in its TCB, those of the hypervisors are not", () => {
  const trusting = engines.filter(({ claims }) => trustsGuests(claims)).map(({ name }) => name);
  expect(trusting.toSorted()).toEqual(["bare", "microscheduler"]);
});

test("only the engine that shares its tables takes locks, and each multicore adds to the uniprocessor", async () => {
  const { "per-core": perCore, smp, uniprocessor } = ENGINES;
  expect((await count(uniprocessor, REPOSITORY)).source.lockSites).toBe(0);
  expect((await count(perCore, REPOSITORY)).source.lockSites).toBe(0);
  const smpReport = await count(smp, REPOSITORY);
  expect(smpReport.source.lockSites).toBeGreaterThan(0);
  expect(smpReport.added.statements).toBeGreaterThan(0);
  expect((await count(perCore, REPOSITORY)).added.statements).toBeGreaterThan(0);
});
