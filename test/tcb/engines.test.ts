// The count over the engines there are: on a copy of their sources, into which a module is planted.

import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourceFigures } from "../../bench/tcb/figures.ts";
import { trustsGuests } from "../../bench/tcb/guest-bytes.ts";
import { measureTcb, reachOf, type TcbReport } from "../../bench/tcb/tcb.ts";
import type { EngineDescription, VirtualMachine } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { ticks } from "../../engines/machine/address.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";

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
/** Of the engines as they are. */
let here: ReadonlyMap<string, TcbReport>;

beforeAll(async () => {
  const reports = await measureTcb(engines, ENGINES.uniprocessor);
  here = new Map(engines.map(({ name }, index) => [name, reports[index]]));
  root = await mkdtemp(join(tmpdir(), "tcb-engines-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const difference = (after: SourceFigures, before: SourceFigures): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name as keyof SourceFigures]]));

const count = async (engine: EngineDescription, from: string): Promise<TcbReport> => (await measureTcb([engine], ENGINES.uniprocessor, from))[0];

describe.each(engines)("$name", (engine) => {
  test("a planted module moves every figure by what it holds", async () => {
    const copy = join(root, engine.name);
    await cp(join(REPOSITORY, "engines"), join(copy, "engines"), { recursive: true });
    const entry = join(copy, "engines", engine.entry);
    await writeFile(join(dirname(entry), "planted.ts"), PLANTED);
    const before = await count(engine, copy);
    expect(before).toEqual(here.get(engine.name)); // nothing imports it yet
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

test("a field that a shared record gains moves the count of shared words, once for each record", async () => {
  const copy = join(root, "shared-words");
  await cp(join(REPOSITORY, "engines"), join(copy, "engines"), { recursive: true });
  await replaceIn(join(copy, "engines/vcpu/record.ts"), "standing: 0x18,", "standing: 0x18, planted: 0x58,");
  await replaceIn(join(copy, "engines/report/sharing.ts"), "standing: shared(WORD),", "standing: shared(WORD), planted: shared(NUMBER),");
  expect(await sharedWords(copy) - await sharedWords(REPOSITORY)).toBe(2 * VCPUS);
});

const VCPUS = 3;

/** What the SMP hypervisor of the tree at `from` says for two harts and three guests. */
async function sharedWords(from: string): Promise<number> {
  const load = (path: string): Promise<unknown> => import(/* @vite-ignore */ pathToFileURL(join(from, "engines", path)).href);
  const { smp } = await load("smp/description.ts") as { smp: EngineDescription };
  const vms = Array.from({ length: VCPUS }, (_, hart): VirtualMachine => ({
    name: "guest", image: new Uint8Array(), memoryBytes: 0, vcpus: 1, bootArguments: "", hart, share: { budget: ticks(1), period: ticks(1) },
  }));
  return smp.inspect({ memory: PhysicalMemory.create(0x20_0000, 1), harts: 2 }, { vms, channels: [] }, {}).sharedMutableWords;
}

async function replaceIn(path: string, what: string, by: string): Promise<void> {
  const text = await readFile(path, "utf8");
  expect(text).toContain(what);
  await writeFile(path, text.replace(what, by));
}

test("the guests of the microscheduler are in its TCB, those of the hypervisors are not", () => {
  const trusting = engines.filter(({ claims }) => trustsGuests(claims)).map(({ name }) => name);
  expect(trusting.toSorted()).toEqual(["bare", "microscheduler"]);
});

test("only the engine that shares its tables takes locks, and each multicore adds to the uniprocessor", () => {
  const sites = (engine: string): number | undefined => here.get(engine)?.source.lockSites;
  expect([sites("uniprocessor"), sites("per-core")]).toEqual([0, 0]);
  expect(sites("smp")).toBeGreaterThan(0);
  for (const engine of ["per-core", "smp"]) expect(here.get(engine)?.added.statements).toBeGreaterThan(0);
});

test("an entry into the hypervisor under its big lock is a lock site of smp", async () => {
  const copy = join(root, "lock-sites");
  await cp(join(REPOSITORY, "engines"), join(copy, "engines"), { recursive: true });
  await replaceIn(join(copy, "engines/smp/hypervisor.ts"), "this.#exclusion.enter(hart);", "");
  expect(difference((await count(ENGINES.smp, copy)).source, here.get("smp")!.source)).toMatchObject({ lockSites: -1, statements: -1 });
});
