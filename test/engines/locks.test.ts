import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { LOCK_KINDS, type LockName } from "../../engines/locks/kinds.ts";
import { LOCK as RECORD } from "../../engines/locks/record.ts";
import { field } from "../../engines/state/words.ts";
import { COUNTER, LOCK, type LockTask } from "./lock-worker.ts";

const ROUNDS = 20_000;
const HARTS = 2;

async function contend(kind: LockTask["kind"], timing = false): Promise<CoreMemory> {
  const memory = PhysicalMemory.create(0x1_0000, 0);
  await Promise.all(Array.from({ length: HARTS }, async (_, hart) => {
    const task: LockTask = { memory: memory.handle(), hart, harts: HARTS, kind, rounds: ROUNDS, timing };
    const worker = new Worker(new URL("lock-worker.ts", import.meta.url), { workerData: task });
    const [code] = await once(worker, "exit") as [number];
    if (code !== 0) throw new Error(`hart ${hart} ended with ${code}`);
  }));
  return new CoreMemory(memory);
}

const names = Object.keys(LOCK_KINDS) as LockName[];

describe.each(names)("%s", (kind) => {
  test("keeps harts on real threads out of each other's way, and counts every acquisition", async () => {
    const memory = await contend(kind);
    expect(memory.load(COUNTER)).toBe(HARTS * ROUNDS);
    const counted = (offset: number): number => memory.loadNumber(field(LOCK, offset));
    expect(counted(RECORD.acquisitions)).toBe(HARTS * ROUNDS);
    expect(counted(RECORD.contended)).toBeGreaterThan(0);
    expect(counted(RECORD.contended)).toBeLessThan(HARTS * ROUNDS);
    expect(counted(RECORD.handovers)).toBeGreaterThan(0);
    expect(counted(RECORD.handovers)).toBeLessThan(HARTS * ROUNDS);
    expect(counted(RECORD.waiting)).toBe(0);
    expect(counted(RECORD.holding)).toBe(0);
  });

  test("measures waiting and holding when asked to", async () => {
    const memory = await contend(kind, true);
    const counted = (offset: number): number => memory.loadNumber(field(LOCK, offset));
    expect(counted(RECORD.holding)).toBeGreaterThan(0);
    expect(counted(RECORD.holdingMax)).toBeLessThanOrEqual(counted(RECORD.holding));
    expect(counted(RECORD.holdingMax) * HARTS * ROUNDS).toBeGreaterThanOrEqual(counted(RECORD.holding));
    expect(counted(RECORD.waiting)).toBeGreaterThan(0);
    expect(counted(RECORD.waitingMax)).toBeLessThanOrEqual(counted(RECORD.waiting));
  });
});

test("the test would see a lock that does not hold", async () => {
  const memory = await contend("none");
  expect(memory.load(COUNTER)).toBeLessThan(HARTS * ROUNDS);
});
