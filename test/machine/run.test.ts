// Executing harts: slices, timers, waiting, commands, and interrupts between real threads.

import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { hartId, physical } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { command, isStopped, whenAcknowledged, whenReady } from "../../engines/machine/control.ts";
import { Aclint } from "../../engines/machine/devices/aclint.ts";
import { ConsoleInput } from "../../engines/machine/devices/console-input.ts";
import { readExitCounts, readRetired } from "../../engines/machine/hart/counters.ts";
import { runHart } from "../../engines/machine/hart/run.ts";
import { ACLINT_MSWI, ACLINT_MTIMECMP, CONTROL, CONTROL_OFFSET } from "../../engines/machine/layout.ts";
import { Machine, prepareMachine, type Software } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import type { HartWork } from "./hart-worker.ts";
import { CountsCalls, Preempts, WakesByTimer, countOf } from "./software.ts";

const RAM_BYTES = 0x40_0000;

/** Runs a machine of one hart on this thread until its engine halts it. */
function runHere(software: Software): PhysicalMemory {
  const memory = PhysicalMemory.create(RAM_BYTES, 1);
  prepareMachine(memory, 1);
  const machine = new Machine({
    memory, clock: new WallClock(memory), mode: "hypervisor", software, thread: 0, harts: [0],
    core: (...given) => new Core(...given),
  });
  command(memory, "run");
  runHart(machine, hartId(0));
  return memory;
}

function wordAt(memory: PhysicalMemory, address: number): number {
  return Atomics.load(memory.i32, memory.offset(physical(address)) >> 2);
}

test("every instruction counts once, through calls, slices and translation", () => {
  const calls = 30_000;
  const memory = runHere(new CountsCalls(calls));
  expect(readExitCounts(memory, 0).exceptions[10]).toBe(calls);
  // li, 4 × (addi, bne), jal after each call but the last; calls do not retire.
  expect(readRetired(memory, 0)).toBe(calls * 9 + (calls - 1));
});

test("a timer interrupts a guest that never comes out", () => {
  const engine = new Preempts(2000, 20); // every 200 µs
  runHere(engine);
  expect(engine.lateness.length).toBe(20);
  expect(Math.min(...engine.lateness)).toBeGreaterThanOrEqual(0);
});

test("wfi waits until the guest's timer, and not less", () => {
  const memory = runHere(new WakesByTimer(3000, 5));
  expect(readExitCounts(memory, 0).exceptions[10]).toBe(5);
});

/** Executes a hart on a worker; the promise settles when it has left. */
function startHart(memory: PhysicalMemory, hart: number, harts: number, software: HartWork["software"]): Promise<void> {
  const workerData: HartWork = { handle: memory.handle(), hart, harts, software };
  const worker = new Worker(new URL("./hart-worker.ts", import.meta.url), { workerData });
  return new Promise<void>((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
}

function prepare(harts: number): PhysicalMemory {
  const memory = PhysicalMemory.create(RAM_BYTES, harts);
  prepareMachine(memory, harts);
  return memory;
}

/** One worker a hart. */
function start(software: HartWork["software"], harts: number): { memory: PhysicalMemory; ends: Promise<void>[] } {
  const memory = prepare(harts);
  return { memory, ends: Array.from({ length: harts }, (_, hart) => startHart(memory, hart, harts, software)) };
}

async function until(memory: PhysicalMemory, address: number, least: number): Promise<void> {
  while (wordAt(memory, address) < least) await pause(1);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

describe("two harts on two threads", () => {
  test("interrupt each other, pause, run on and stop", async () => {
    const { memory, ends } = start("round", 2);
    await whenReady(memory);
    expect([wordAt(memory, countOf(0)), wordAt(memory, countOf(1))]).toEqual([0, 0]);
    command(memory, "run");
    await whenAcknowledged(memory);
    await until(memory, countOf(0), 500);
    command(memory, "pause");
    await whenAcknowledged(memory);
    const paused = [wordAt(memory, countOf(0)), wordAt(memory, countOf(1))];
    expect(Math.abs(paused[0] - paused[1])).toBeLessThanOrEqual(1);
    await pause(10);
    expect([wordAt(memory, countOf(0)), wordAt(memory, countOf(1))]).toEqual(paused);
    command(memory, "run");
    await until(memory, countOf(1), paused[1] + 100);
    expect([isStopped(memory, 0), isStopped(memory, 1)]).toEqual([false, false]);
    command(memory, "stop");
    await whenAcknowledged(memory);
    await Promise.all(ends);
    expect([isStopped(memory, 0), isStopped(memory, 1)]).toEqual([true, true]);
    expect(readExitCounts(memory, 1).interrupts[1]).toBe(wordAt(memory, countOf(1)));
  });

  test("lose no interrupt when one of them starts late", async () => {
    const memory = prepare(2);
    const first = startHart(memory, 0, 2, "round");
    while (Atomics.load(memory.i32, (CONTROL_OFFSET + CONTROL.booted) >> 2) === 0) await pause(1);
    await pause(20);
    const second = startHart(memory, 1, 2, "round");
    command(memory, "run");
    await until(memory, countOf(0), 3);
    command(memory, "stop");
    await Promise.all([first, second]);
    expect(wordAt(memory, countOf(1))).toBeGreaterThanOrEqual(3);
  });

  test("all stop when the engine cannot boot, and say why", async () => {
    const { ends } = start("fails", 2);
    const outcomes = await Promise.allSettled(ends);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(String((outcomes[0] as PromiseRejectedResult).reason)).toContain("no such image");
  });
});

test("a comparator written from elsewhere reaches a hart that sleeps", async () => {
  const { memory, ends } = start("timers", 1);
  await whenReady(memory);
  command(memory, "run");
  await whenAcknowledged(memory);
  const clock = new WallClock(memory);
  const aclint = new Aclint(memory, clock);
  for (let times = 1; times <= 3; times++) {
    aclint.write(ACLINT_MTIMECMP - ACLINT_MSWI, 8, clock.time() + 5000, 0); // 0.5 ms from now
    expect(wordAt(memory, countOf(0))).toBe(times - 1);
    await until(memory, countOf(0), times);
  }
  command(memory, "stop");
  await Promise.all(ends);
});

test("a device that one hart looks after interrupts another, which sleeps on another thread", async () => {
  const { memory, ends } = start("input", 2);
  await whenReady(memory);
  command(memory, "run");
  await whenAcknowledged(memory);
  const input = new ConsoleInput(memory);
  for (let bytes = 1; bytes <= 20; bytes++) {
    await pause(1);
    expect(input.write(Uint8Array.of(bytes))).toBe(1);
    await until(memory, countOf(1), bytes);
  }
  command(memory, "stop");
  await Promise.all(ends);
  expect(readExitCounts(memory, 0).total).toBe(0);
});

test("clocks of different threads agree", async () => {
  const memory = PhysicalMemory.create(0x1_0000, 1);
  prepareMachine(memory, 1);
  const clock = new WallClock(memory);
  const before = clock.now();
  await new Promise<void>((resolve, reject) => {
    const worker = new Worker(new URL("./clock-worker.ts", import.meta.url), { workerData: memory.handle() });
    worker.on("exit", () => resolve());
    worker.on("error", reject);
  });
  const theirs = new Float64Array(memory.wasm.buffer)[memory.ramOffset >> 3];
  expect(theirs).toBeGreaterThan(before);
  expect(clock.now()).toBeGreaterThan(theirs);
});
