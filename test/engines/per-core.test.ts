import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { physical } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { drop, EMPTY, peek, put, RING_SLOTS } from "../../engines/channels/ring.ts";
import { EngineBench, guests } from "./fixture.ts";

const VENDOR = 0x0854_4342;
const INVALID_PARAMETER = -3;
const MILLISECOND = 1_000_000;

const across = (): EngineBench => new EngineBench(ENGINES["per-core"], guests(3, (index) => ({ hart: index % 2 })), {
  harts: 2,
  channels: [
    { name: "across", ends: [0, 1], windowBytes: 0x1000 }, { name: "within", ends: [0, 2], windowBytes: 0x1000 },
    { name: "too", ends: [1, 2], windowBytes: 0x1000 },
  ],
});

test("guests stay on the hart they were put on, whatever they do", () => {
  const bench = across();
  bench.mark(0, 1);
  bench.mark(1, 2);
  bench.wait(1);
  expect(bench.idles(1)).toBe(true);
  bench.pass(50 * MILLISECOND, MILLISECOND / 10);
  expect(bench.idles(1)).toBe(true);
  expect(bench.report().vms[1].cpuTime).toBe(0);
});

test("a ring crosses to another hart and wakes the guest there", () => {
  const bench = across();
  bench.mark(1, 2);
  bench.wait(1);
  expect(bench.call(0, VENDOR, 1, 0)).toEqual({ error: 0, value: 0 });
  expect(bench.idles(1)).toBe(true);
  bench.deliver(1);
  expect(bench.marked(1)).toBe(2);
  expect(bench.hasSoftwareInterrupt(1)).toBe(true);
  expect(bench.call(1, VENDOR, 2)).toEqual({ error: 0, value: 1 });
  expect(bench.call(1, VENDOR, 1, 0)).toEqual({ error: 0, value: 0 });
  bench.deliver(0);
  expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 1 });
});

test("a ring reaches a guest that is not on its hart just now, and rings between guests of one hart stay there", () => {
  const bench = across();
  bench.mark(0, 1);
  bench.call(1, VENDOR, 1, 1); // guest 1 rings guest 2, which waits behind guest 0
  bench.deliver(0);
  expect(bench.marked(0)).toBe(1);
  expect(bench.hasSoftwareInterrupt(0)).toBe(false);
  expect(bench.call(0, VENDOR, 1, 1).error).toBe(0);
  bench.wait(0);
  expect(bench.hasSoftwareInterrupt(0)).toBe(true);
  expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 3 });
  expect(bench.call(0, VENDOR, 1, 2).error).toBe(INVALID_PARAMETER);
  expect(bench.call(0, VENDOR, 1, 2 ** 45).error).toBe(INVALID_PARAMETER);
});

test("a flood of rings takes one place in the ring", () => {
  const bench = across();
  for (let count = 0; count < 100; count++) expect(bench.call(0, VENDOR, 1, 0).error).toBe(0);
  bench.deliver(1);
  expect(bench.call(1, VENDOR, 2)).toEqual({ error: 0, value: 1 });
});

test("what is shared is the rings, and no lock is taken", async () => {
  const bench = across();
  expect(bench.report()).toMatchObject({ locks: [], sharedMutableWords: 2 * (2 + RING_SLOTS) });
  for (const text of [...await sourcesOf("per-core"), ...await sourcesOf("uniprocessor")]) expect(text).not.toMatch(/locks\//);
});

test("the uniprocessor hypervisor knows nothing of it", async () => {
  for (const text of await sourcesOf("uniprocessor")) expect(text).not.toMatch(/\/per-core|cross|other hart/i);
});

async function sourcesOf(folder: string): Promise<string[]> {
  const path = new URL(`../../engines/${folder}/`, import.meta.url);
  const names = (await readdir(path)).filter((name) => name !== "description.ts");
  return Promise.all(names.map((name) => readFile(new URL(name, path), "utf8")));
}

test("a ring keeps its messages in order, each once, and refuses one too many", () => {
  const memory = new CoreMemory(PhysicalMemory.create(0x1_0000, 0));
  const ring = physical(RAM_BASE);
  expect(peek(memory, ring)).toBe(EMPTY);
  for (let round = 0; round < 3; round++) {
    for (let message = 0; message < RING_SLOTS; message++) expect(put(memory, ring, message)).toBe(true);
    expect(put(memory, ring, 3)).toBe(true);
    expect(put(memory, ring, RING_SLOTS)).toBe(false);
    for (let message = 0; message < RING_SLOTS; message++) {
      expect(peek(memory, ring)).toBe(message);
      drop(memory, ring);
    }
    expect(peek(memory, ring)).toBe(EMPTY);
  }
});
