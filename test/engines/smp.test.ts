// Harts of the SMP hypervisor, driven one trap at a time, with interrupts between harts delivered late.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { LOCK } from "../../engines/locks/record.ts";
import type { PhysicalAddress } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { queueLock } from "../../engines/smp/layout.ts";
import { EngineBench, guest, TICKS_PER_MILLISECOND } from "./fixture.ts";
import { Smp, type Step } from "./smp-model.ts";

const VENDOR = 0x0854_4342;
const INTERRUPT = 0x73_5049;
const HART_STATE = 0x48_534d;
const RESET = 0x5352_5354;
const MILLISECOND = 1_000_000;
const HARTS = 3;
const hart = fc.nat({ max: HARTS - 1 });
const kinds = <Kind extends Step["kind"]>(kind: Kind) => fc.constant(kind);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kinds("wait"), hart }) },
  { weight: 6, arbitrary: fc.record({ kind: kinds("notify"), hart, id: fc.nat({ max: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: kinds("take"), hart }) },
  { weight: 3, arbitrary: fc.record({ kind: kinds("yield"), hart }) },
  { weight: 6, arbitrary: fc.record({ kind: kinds("deliver"), hart }) },
  { weight: 2, arbitrary: fc.record({ kind: kinds("timer"), hart, ahead: fc.nat({ max: 5 * TICKS_PER_MILLISECOND }) }) },
  { weight: 3, arbitrary: fc.record({ kind: kinds("pass"), cycles: fc.integer({ min: 1, max: 3 * MILLISECOND }) }) },
  { weight: 3, arbitrary: fc.record({ kind: kinds("settle") }) },
  { weight: 1, arbitrary: fc.record({ kind: kinds("reset"), hart }) },
);

describe.each([
  ["fine", "ticket"], ["fine", "mcs"], ["big", "test-and-set"],
] as const)("granularity=%s lock=%s", (granularity, lock) => {
  test("no vCPU on two harts, no context mixed up, no wake-up lost, no hart idle beside work", () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 6 }), fc.array(step, { maxLength: 150 }), (count, steps) => {
      const smp = new Smp(HARTS, count, { granularity, lock, "lock-timing": "on" });
      for (const one of steps) smp.step(one);
      smp.step({ kind: "settle" });
      expect(smp.wrong).toEqual([]);
    }), { numRuns: 60 });
  });
});

test("an idle hart takes over work that waits for a busy one, and both count the locks they took", () => {
  const smp = new Smp(2, 3, {});
  const { bench } = smp;
  smp.settle();
  expect([bench.marked(0), bench.marked(1)]).toEqual([1, 2]);
  smp.step({ kind: "wait", hart: 1 }); // the third guest waits in hart 0's queue
  expect(bench.marked(1)).toBe(3);
  const locks = new Map(bench.report().locks.map((lock) => [lock.name, lock]));
  expect(locks.get("run-queue[0]")?.handovers).toBeGreaterThan(0);
  expect(locks.get("channels")?.acquisitions).toBe(0);
  expect([...locks.keys()]).toEqual(["vm-table", "channels", "console", "run-queue[0]", "run-queue[1]"]);
});

test("a woken vCPU goes to a hart that idles, not behind who runs", () => {
  const smp = new Smp(2, 3, {});
  const { bench } = smp;
  smp.step({ kind: "wait", hart: 1 });
  smp.step({ kind: "wait", hart: 1 });
  expect(bench.idles(1)).toBe(true);
  bench.call(0, VENDOR, 1, 0); // guest 0 rings guest 1
  smp.settle();
  expect(bench.marked(1)).toBe(2);
  expect(bench.hasSoftwareInterrupt(1)).toBe(true);
  expect(bench.call(1, VENDOR, 2).value).toBe(1);
});

test("a woken vCPU goes to the hart whose queue it is in, where that idles", () => {
  const smp = new Smp(3, 3, {});
  smp.step({ kind: "wait", hart: 1 });
  smp.step({ kind: "wait", hart: 2 });
  smp.step({ kind: "notify", hart: 0, id: 0 }); // guest 0 rings guest 1
  smp.settle();
  expect([smp.bench.marked(1), smp.bench.idles(2)]).toEqual([2, true]);
});

describe("a hart that idles, interrupted for a vCPU that it ran last", () => {
  test("finds it there, also if another hart has run out of work before it comes to look", () => {
    const smp = new Smp(2, 2, {});
    smp.step({ kind: "wait", hart: 1 });
    smp.step({ kind: "notify", hart: 0, id: 0 }); // guest 0 rings guest 1
    smp.step({ kind: "wait", hart: 0 });
    smp.settle();
    expect([smp.bench.idles(0), smp.bench.marked(1)]).toEqual([true, 2]);
    expect(smp.bench.report().worldSwitches).toBe(3);
  });

  /** Guest 3 sleeps in the queue of hart 0, which runs guest 0; 1 and 4 sleep in that of hart 1, 2 and 5 in that of hart 2. */
  const threeHarts = (): Smp => {
    const smp = new Smp(3, 6, {});
    smp.step({ kind: "yield", hart: 0 });
    smp.step({ kind: "timer", hart: 0, ahead: 1000 });
    smp.step({ kind: "wait", hart: 0 });
    for (const hart of [1, 2, 1, 2]) smp.step({ kind: "wait", hart });
    expect([0, 1, 2].map((hart) => smp.bench.idles(hart))).toEqual([false, true, true]);
    return smp;
  };
  const ringGuest5 = { kind: "notify", hart: 0, id: 1 } as const;

  test.each(["before", "after"])("leaves a vCPU that became ready elsewhere, %s that, to the next", (order) => {
    const smp = threeHarts();
    if (order === "before") smp.step(ringGuest5);
    smp.bench.clock.set(1000);
    smp.bench.deliver(0); // guest 3 becomes ready
    if (order === "after") smp.step(ringGuest5);
    smp.step({ kind: "settle" });
    expect(smp.wrong).toEqual([]);
    expect([0, 1, 2].map((hart) => smp.bench.marked(hart))).toEqual([1, 4, 6]);
  });
});

test("of two vCPUs whose timers come due together, the one that would wait goes to a hart that idles", () => {
  const smp = new Smp(2, 3, {});
  smp.step({ kind: "timer", hart: 1, ahead: 1000 });
  smp.step({ kind: "wait", hart: 1 }); // guest 1 sleeps, and guest 2 comes from hart 0
  smp.step({ kind: "timer", hart: 1, ahead: 1000 });
  smp.step({ kind: "wait", hart: 1 });
  smp.step({ kind: "wait", hart: 0 });
  expect([smp.bench.idles(0), smp.bench.idles(1)]).toEqual([true, true]);
  smp.bench.clock.set(1000);
  smp.bench.deliver(1);
  expect(smp.bench.idles(0)).toBe(true);
  smp.bench.deliver(0);
  expect([smp.bench.idles(0), smp.bench.idles(1)]).toEqual([false, false]);
});

test("a hart with only slack to give pulls a vCPU that has budget", () => {
  const smp = new Smp(2, 3, {}); // 2 ms in every 10
  smp.bench.clock.cycles = 2 * MILLISECOND;
  expect(smp.bench.marked(1)).toBe(2);
  smp.bench.deliver(1);
  smp.step({ kind: "deliver", hart: 1 });
  expect(smp.bench.marked(1)).toBe(3);
});

test("under a big lock, every trap takes that one and no other", () => {
  const smp = new Smp(2, 2, { granularity: "big" });
  const acquisitions = (): number => {
    const { locks } = smp.bench.report();
    expect(locks.map(({ name }) => name)).toEqual(["big"]);
    return locks[0].acquisitions;
  };
  const before = acquisitions();
  smp.bench.call(0, 0x10, 0);
  smp.bench.call(1, VENDOR, 2);
  expect(acquisitions()).toBe(before + 2);
});

test.each(["wait", "yield"])("a vCPU whose machine another hart ended stays stopped, whatever it does (%s) before it hears of that", (deed) => {
  const channel = { name: "channel", ends: [0, 1] as const, windowBytes: 0x1000 };
  const bench = new EngineBench(ENGINES.smp, [guest("pair", { vcpus: 2 }), guest("peer")], { harts: 3, channels: [channel] });
  bench.call(0, HART_STATE, 0, 1, 0x8010_1000, 42);
  bench.deliver(1);
  expect([0, 1, 2].map((hart) => bench.idles(hart))).toEqual([false, false, false]);
  bench.call(1, RESET, 0, 0, 0);
  if (deed === "wait") bench.wait(0);
  else bench.call(0, VENDOR, 3);
  bench.deliver(0);
  bench.call(2, VENDOR, 1, 0); // the peer rings
  for (const hart of [0, 1]) bench.deliver(hart);
  expect([0, 1, 2].map((hart) => bench.idles(hart))).toEqual([true, true, false]);
});

test("a guest that never asks is interrupted once, however often it is rung; one that asks, for each ring after that", () => {
  const channel = { name: "channel", ends: [0, 1] as const, windowBytes: 0x1000 };
  const bench = new EngineBench(ENGINES.smp, [guest("rings"), guest("rung")], { harts: 2, channels: [channel] });
  const ring = (): boolean => {
    expect(bench.call(0, VENDOR, 1, 0).error).toBe(0);
    return bench.deliver(1);
  };
  expect([ring(), ring(), ring()]).toEqual([true, false, false]);
  bench.hart(1).clearCsrBits(CSR.hvip, 1 << 2);
  expect(bench.call(1, VENDOR, 2).value).toBe(1);
  expect([ring(), ring()]).toEqual([true, false]);
  expect(bench.hart(1).csrLow(CSR.hvip) & (1 << 2)).not.toBe(0);
  bench.hart(1).clearCsrBits(CSR.hvip, 1 << 2);
  expect([bench.call(1, VENDOR, 2).value, bench.call(1, VENDOR, 2).value]).toEqual([1, 0]);
  bench.wait(1);
  expect([bench.idles(1), ring(), bench.idles(1)]).toEqual([true, true, false]);
});

test("a vCPU that stops may be started again by another hart at once, and begins anew", () => {
  const bench = new EngineBench(ENGINES.smp, [guest("pair", { vcpus: 2 })], { harts: 2 });
  bench.call(0, HART_STATE, 0, 1, 0x8010_1000, 42);
  bench.deliver(1);
  const { memory } = bench.hart(1);
  let restarts = 0;
  // Hart 0 comes in at the first moment that hart 1 holds no lock: the release of a ticket lock adds.
  Object.defineProperty(memory, "add", { value(address: PhysicalAddress, value: number): number {
    const old = CoreMemory.prototype.add.call(memory, address, value);
    if (address === queueLock(1) + LOCK.serving && restarts === 0) {
      restarts++;
      expect(bench.call(0, HART_STATE, 0, 1, 0x8010_3000, 7).error).toBe(0);
    }
    return old;
  } });
  bench.call(1, HART_STATE, 1);
  bench.deliver(1);
  expect(restarts).toBe(1);
  expect([bench.idles(1), bench.hart(1).xNumber(11), bench.hart(1).csrNumber(CSR.sepc)]).toEqual([false, 7, 0x8010_3000]);
});

test("a guest's second vCPU starts on another hart, is interrupted there, and stops with its machine", () => {
  const bench = new EngineBench(ENGINES.smp, [guest("pair", { vcpus: 2 })], { harts: 2 });
  expect(bench.idles(1)).toBe(true);
  expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: 1 });
  expect(bench.call(0, HART_STATE, 0, 1, 0x8010_1000, 42).error).toBe(0);
  expect(bench.call(0, HART_STATE, 0, 1, 0x8010_1000, 42).error).toBe(-6);
  bench.deliver(1);
  expect(bench.idles(1)).toBe(false);
  expect([bench.hart(1).xNumber(10), bench.hart(1).xNumber(11), bench.hart(1).csrNumber(CSR.sepc)]).toEqual([1, 42, 0x8010_1000]);
  expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: 0 });
  bench.call(0, INTERRUPT, 0, 2, 0);
  bench.deliver(1);
  expect(bench.hasSoftwareInterrupt(1)).toBe(true);
  expect(bench.hasSoftwareInterrupt(0)).toBe(false);
  bench.call(0, RESET, 0, 0, 0);
  bench.deliver(1);
  expect([bench.idles(0), bench.idles(1)]).toEqual([true, true]);
  expect(bench.report().vms[0].state).toBe("finished");
});
