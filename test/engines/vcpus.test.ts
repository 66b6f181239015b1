// Several vCPUs of one guest, on every engine that shares harts out: started, interrupted, fenced and stopped by
// each other, one trap at a time.

import { describe, expect, test } from "vitest";
import type { EngineName, Options } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { FIRMWARE_BYTES, HART, RAM_BASE } from "../../engines/machine/layout.ts";
import { EngineBench, guest } from "./fixture.ts";

const TIMER = 0x5449_4d45;
const INTERRUPT = 0x73_5049;
const HART_STATE = 0x48_534d;
const FENCE = 0x5246_4e43;
const RESET = 0x5352_5354;
const VENDOR = 0x0854_4342;
const STARTED = 0;
const STOPPED = 1;
const SUSPENDED = 4;
const INVALID_PARAMETER = -3;
const INVALID_ADDRESS = -5;
const ALREADY_AVAILABLE = -6;
const BOTH_INTERRUPTS = (1 << 1) | (1 << 5);
const FENCE_I = 0x100f;
const OPAQUE = 2 ** 53 + 2 ** 40;

const ramOf = (name: EngineName): number => (ENGINES[name].mode === "hypervisor" ? RAM_BASE : RAM_BASE + FIRMWARE_BYTES);
/** A guest with two vCPUs, the second started, on one hart. */
function pair(name: EngineName): EngineBench {
  const bench = new EngineBench(ENGINES[name], [guest("pair", { vcpus: 2 })]);
  bench.mark(0, 1);
  expect(bench.call(0, HART_STATE, 0, 1, ramOf(name) + 0x1000, OPAQUE)).toEqual({ error: 0, value: 0 });
  return bench;
}
const other = (bench: EngineBench): void => void bench.call(0, VENDOR, 3);
/** The vCPUs hand the hart to each other until it is the marked one's. */
function turnTo(bench: EngineBench, mark: number): void {
  for (let turn = 0; turn < 4 && bench.marked(0) !== mark; turn++) other(bench);
  expect(bench.marked(0)).toBe(mark);
}

describe.each(["uniprocessor", "per-core", "smp", "microscheduler", "hosted"] as const)("%s: vCPUs that share a hart", (name) => {
  const ram = ramOf(name);
  const pending = ENGINES[name].mode === "hypervisor" ? CSR.vsip : CSR.sip;
  const status = ENGINES[name].mode === "hypervisor" ? CSR.vsstatus : CSR.sstatus;

  test("the second begins as HSM says, once", () => {
    const bench = new EngineBench(ENGINES[name], [guest("pair", { vcpus: 2 })]);
    expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: STOPPED });
    expect(bench.call(0, HART_STATE, 0, 2, ram, 0).error).toBe(INVALID_PARAMETER);
    for (const address of [ram - 2, ram + 0x20_0000, ram + 1, 2 ** 56]) {
      expect(bench.call(0, HART_STATE, 0, 1, address, 0).error).toBe(INVALID_ADDRESS);
    }
    expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: STOPPED });
    expect(bench.call(0, HART_STATE, 0, 1, ram + 0x1000, OPAQUE).error).toBe(0);
    expect(bench.call(0, HART_STATE, 0, 1, ram + 0x1000, OPAQUE).error).toBe(ALREADY_AVAILABLE);
    expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: STARTED });
    other(bench);
    const hart = bench.hart(0);
    expect(bench.state(0).block[HART.pc >> 2] >>> 0).toBe(ram + 0x1000);
    expect([hart.xNumber(10), hart.xLow(11), hart.xHigh(11)]).toEqual([1, 0, OPAQUE / 2 ** 32]);
    expect(hart.csrLow(status) & 2).toBe(0);
  });

  test("interrupts go from one to the other, and nowhere else", () => {
    const bench = pair(name);
    bench.call(0, INTERRUPT, 0, 2, 0);
    expect(bench.hasSoftwareInterrupt(0)).toBe(false);
    other(bench);
    expect([bench.marked(0), bench.hasSoftwareInterrupt(0)]).toEqual([0, true]);
    bench.mark(0, 2);
    bench.hart(0).clearCsrBits(pending, 2);
    bench.call(0, INTERRUPT, 0, 1, 0);
    expect(bench.hasSoftwareInterrupt(0)).toBe(false);
    turnTo(bench, 1);
    expect(bench.hasSoftwareInterrupt(0)).toBe(true);
    bench.hart(0).clearCsrBits(pending, 2);
    expect(bench.call(0, INTERRUPT, 0, 7, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.hasSoftwareInterrupt(0)).toBe(false);
    bench.call(0, INTERRUPT, 0, 0, -1);
    expect(bench.hasSoftwareInterrupt(0)).toBe(true);
    turnTo(bench, 2);
    expect(bench.hasSoftwareInterrupt(0)).toBe(true);
  });

  test("each has a timer of its own", () => {
    const bench = pair(name);
    bench.call(0, TIMER, 0, 1000);
    other(bench);
    bench.mark(0, 2);
    bench.call(0, TIMER, 0, 2000);
    bench.clock.set(1000);
    bench.deliver(0);
    for (const [time, first, second] of [[1000, 1 << 5, 0], [2000, 1 << 5, 1 << 5]]) {
      bench.clock.set(time);
      bench.deliver(0);
      turnTo(bench, 1);
      expect(bench.hart(0).csrLow(pending)).toBe(first);
      turnTo(bench, 2);
      expect(bench.hart(0).csrLow(pending)).toBe(second);
    }
    turnTo(bench, 1);
    bench.call(0, TIMER, 0, 2 ** 53);
    expect(bench.hart(0).csrLow(pending)).toBe(0);
    turnTo(bench, 2);
    expect(bench.hart(0).csrLow(pending)).toBe(1 << 5);
  });

  test("one that stops is started anew, again and again", () => {
    const bench = pair(name);
    for (let round = 0; round < 5; round++) {
      other(bench);
      expect([bench.marked(0), bench.hart(0).xNumber(10)]).toEqual([0, 1]);
      bench.mark(0, 2);
      bench.call(0, TIMER, 0, bench.clock.time() + 10);
      bench.call(0, HART_STATE, 1);
      expect(bench.marked(0)).toBe(1);
      expect(bench.call(0, HART_STATE, 2, 1).value).toBe(STOPPED);
      bench.clock.set(bench.clock.time() + 20);
      bench.deliver(0);
      expect([bench.marked(0), bench.call(0, HART_STATE, 2, 1).value]).toEqual([1, STOPPED]);
      expect(bench.call(0, FENCE, 0, 2, 0).error).toBe(0);
      expect(bench.call(0, HART_STATE, 0, 1, ram + 0x1000, OPAQUE).error).toBe(0);
    }
  });

  test("a reset from the second ends both, and so does what it cannot go on from", () => {
    const reset = pair(name);
    other(reset);
    reset.call(0, RESET, 0, 0, 0);
    expect([reset.idles(0), reset.report().vms[0].state]).toEqual([true, "finished"]);
    reset.pass(20_000_000, 1_000_000);
    expect(reset.idles(0)).toBe(true);
    if (name === "microscheduler") return;
    const failed = pair(name);
    other(failed);
    failed.mark(0, 0x1234);
    failed.hart(0).setCsr(CSR.vstvec, 0, 0);
    failed.state(0).block[HART.pc >> 2] = 0;
    failed.raise(0, 1, 0);
    expect([failed.idles(0), failed.report().vms[0].state]).toEqual([true, "failed"]);
    expect(failed.report().vms[0].reason).toMatch(/^vCPU 1: exception 20 .* x27 0x1234 /);
  });

  test("a fence for either is done before it executes again", () => {
    const bench = pair(name);
    for (const mask of [1, 2, 3]) {
      const before = bench.flushes;
      expect(bench.call(0, FENCE, 0, mask, 0).error).toBe(0);
      other(bench);
      expect(bench.flushes).toBeGreaterThan(before);
      other(bench);
    }
    expect(bench.call(0, FENCE, 0, 4, 0).error).toBe(INVALID_PARAMETER);
  });
});

describe.each<[EngineName]>([["uniprocessor"], ["per-core"], ["smp"], ["hosted"]])("%s", (name) => {
  test("a vCPU that has suspended says so to the other, until an interrupt", () => {
    const bench = pair(name);
    other(bench);
    bench.mark(0, 2);
    bench.hart(0).setCsr(CSR.vsie, BOTH_INTERRUPTS, 0);
    bench.call(0, HART_STATE, 3, 0, 0, 0);
    expect(bench.marked(0)).toBe(1);
    expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: SUSPENDED });
    bench.call(0, INTERRUPT, 0, 2, 0);
    if (bench.marked(0) === 2) other(bench);
    expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: STARTED });
    other(bench);
    expect([bench.marked(0), bench.hart(0).xLow(10)]).toEqual([2, 0]);
    bench.hart(0).clearCsrBits(CSR.vsip, 2);
    bench.wait(0);
    expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: STARTED });
  });
});

describe.each<[Options]>([[{ granularity: "fine" }], [{ granularity: "big", lock: "mcs" }]])("smp: vCPUs on two harts, %o", (options) => {
  const apart = (): EngineBench => {
    const bench = new EngineBench(ENGINES.smp, [guest("pair", { vcpus: 2 })], { harts: 2, options });
    bench.call(0, HART_STATE, 0, 1, RAM_BASE + 0x1000, 0);
    bench.deliver(1);
    expect([bench.idles(0), bench.idles(1)]).toEqual([false, false]);
    return bench;
  };

  test("a fence returns when the other has done it", () => {
    const bench = apart();
    let before = bench.flushes;
    expect(bench.call(0, FENCE, 0, 2, 0).error).toBe(0);
    expect(bench.flushes).toBe(before + 1);
    before = bench.flushes;
    expect(bench.call(1, FENCE, 0, 0, -1).error).toBe(0);
    expect(bench.flushes).toBe(before + 2);
  });

  test("a fence does not wait for one that blocks or has stopped: it is done when that comes back", () => {
    const bench = apart();
    bench.hart(1).setCsr(CSR.vsie, BOTH_INTERRUPTS, 0);
    bench.wait(1);
    const before = bench.flushes;
    expect(bench.call(0, FENCE, 0, 2, 0).error).toBe(0);
    expect([bench.idles(1), bench.flushes]).toEqual([true, before]);
    bench.call(0, INTERRUPT, 0, 2, 0);
    bench.deliver(1);
    expect([bench.idles(1), bench.flushes]).toEqual([false, before + 1]);
    bench.call(1, HART_STATE, 1);
    expect(bench.call(0, FENCE, 0, 2, 0).error).toBe(0);
    expect(bench.flushes).toBe(before + 1);
    bench.call(0, HART_STATE, 0, 1, RAM_BASE + 0x1000, 0);
    bench.deliver(1);
    expect(bench.flushes).toBe(before + 2);
  });

  test("a vCPU that comes to another hart finds there what it fenced where it was", () => {
    const bench = new EngineBench(ENGINES.smp, [guest("wanderer"), guest("second"), guest("third")], { harts: 2, options });
    for (const id of [0, 1]) bench.hart(id).setCsr(CSR.vsie, BOTH_INTERRUPTS, 0);
    bench.mark(0, 1);
    bench.execute(0, FENCE_I);
    bench.call(0, VENDOR, 3);
    for (const id of [0, 1]) bench.deliver(id);
    if (bench.marked(1) !== 1) bench.wait(1);
    expect(bench.marked(1)).toBe(1);
    expect(bench.flushes).toBeGreaterThanOrEqual(2);
    // Nothing is fenced from now on: who moves where it has been needs nothing.
    const moves = (): void => {
      for (let move = 0; move < 4; move++) {
        for (const id of [0, 1]) bench.call(id, VENDOR, 3);
        for (const id of [0, 1]) bench.deliver(id);
      }
    };
    moves();
    const { flushes } = bench;
    moves();
    expect(bench.flushes).toBe(flushes);
  });
});
