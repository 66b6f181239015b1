import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { ConsoleReader } from "../../engines/machine/devices/console.ts";
import { CONSOLE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import type { ConsoleTask } from "./console-worker.ts";

const WRITTEN = 5 * CONSOLE.capacity + 7;

async function written(memory: PhysicalMemory, whileWriting: () => void): Promise<void> {
  const worker = new Worker(new URL("console-worker.ts", import.meta.url), {
    workerData: { memory: memory.handle(), written: WRITTEN } satisfies ConsoleTask,
  });
  const timer = setInterval(whileWriting, 2);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("exit", () => resolve());
    });
  } finally {
    clearInterval(timer);
  }
}

describe("a console that somebody attends to", () => {
  test("loses nothing, however fast it is written to", async () => {
    const memory = PhysicalMemory.create(0x1_0000, 1);
    const reader = new ConsoleReader(memory);
    const read: number[] = [];
    const drain = (): number => reader.drain((byte) => read.push(byte));
    reader.attend(true);
    await written(memory, drain);
    drain();
    expect(read).toEqual(Array.from({ length: WRITTEN }, (_, index) => index & 0xff));
    expect(reader.lost()).toBe(0);
  });

  test("lets its writers go when nobody does any more", async () => {
    const memory = PhysicalMemory.create(0x1_0000, 1);
    const reader = new ConsoleReader(memory);
    reader.attend(true);
    let polls = 0;
    await written(memory, () => { if (++polls === 20) reader.attend(false); });
    expect(reader.lost()).toBe(WRITTEN - CONSOLE.capacity);
  });
});
