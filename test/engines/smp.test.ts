// Harts of the SMP hypervisor, driven one trap at a time in random order, with interrupts between harts
// delivered late: what must hold after every trap, and once all is quiet.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { ticks, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CONTEXT } from "../../engines/machine/hart/context.ts";
import type { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { current, firstMember, nextMember } from "../../engines/scheduler/queue.ts";
import { queueOf, vcpuAt } from "../../engines/smp/layout.ts";
import { field, loadAddress, NONE } from "../../engines/state/words.ts";
import { contextOf, machineOf, VCPU, VCPU_STATE } from "../../engines/vcpu/record.ts";
import { VM } from "../../engines/virtual-machine/record.ts";
import { EngineBench, guest, guests, TICKS_PER_MILLISECOND } from "./fixture.ts";

const VENDOR = 0x0854_4342;
const TIMER = 0x5449_4d45;
const INTERRUPT = 0x73_5049;
const HART_STATE = 0x48_534d;
const RESET = 0x5352_5354;
const ENABLED = (1 << 1) | (1 << 5);
const MILLISECOND = 1_000_000;

type Step =
  | { readonly kind: "wait" | "yield" | "take" | "reset" | "deliver"; readonly hart: number }
  | { readonly kind: "notify"; readonly hart: number; readonly id: number }
  | { readonly kind: "timer"; readonly hart: number; readonly ahead: number }
  | { readonly kind: "pass"; readonly cycles: number }
  | { readonly kind: "settle" };

class Smp {
  readonly bench: EngineBench;
  readonly memory: CoreMemory;
  readonly #harts: number;
  readonly #vcpus: number;
  readonly #greeted = new Set<PhysicalAddress>();

  constructor(harts: number, count: number, options: Readonly<Record<string, string>>) {
    const ring = Array.from({ length: count }, (_, index) => (
      { name: `ring-${index}`, ends: [index, (index + 1) % count] as const, windowBytes: 0x1000 }));
    const share = { budget: ticks(2 * TICKS_PER_MILLISECOND), period: ticks(10 * TICKS_PER_MILLISECOND) };
    this.bench = new EngineBench(ENGINES.smp, guests(count, () => ({ share })), { harts, channels: ring, options });
    this.memory = this.bench.hart(0).memory;
    this.#harts = harts;
    this.#vcpus = count;
    for (let hart = 0; hart < harts; hart++) this.#greet(hart);
  }

  step(step: Step): void {
    if (step.kind === "pass") {
      this.bench.clock.cycles += step.cycles;
      return;
    }
    if (step.kind === "settle") {
      this.settle();
      this.checkQuiet();
    } else if (step.kind === "deliver") this.bench.deliver(step.hart);
    else if (!this.bench.idles(step.hart)) this.#act(step);
    for (let hart = 0; hart < this.#harts; hart++) this.#greet(hart);
    this.check();
  }

  /** Delivers everything that is due, until nothing is. */
  settle(): void {
    for (let round = 0; round < 100; round++) {
      let busy = false;
      for (let hart = 0; hart < this.#harts; hart++) {
        busy = this.bench.deliver(hart) || busy;
        this.#greet(hart);
      }
      if (!busy) return;
    }
    throw new Error("the harts never come to rest");
  }

  /** What holds after every trap. */
  check(): void {
    const seen = new Set<PhysicalAddress>();
    const memory = this.memory;
    for (let hart = 0; hart < this.#harts; hart++) {
      const queue = queueOf(hart);
      const running = current(memory, queue);
      expect(this.bench.idles(hart)).toBe(running === NONE);
      for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
        expect(seen.has(vcpu)).toBe(false);
        seen.add(vcpu);
        expect(loadAddress(memory, field(vcpu, VCPU.queue))).toBe(queue);
        if (vcpu !== running) expect(this.stateOf(vcpu)).not.toBe(VCPU_STATE.running);
      }
      if (running === NONE) continue;
      expect(seen.has(running)).toBe(true);
      expect(this.bench.marked(hart)).toBe(memory.load(field(machineOf(memory, running), VM.number)) + 1);
    }
    expect(seen.size).toBe(this.#vcpus);
  }

  /** What holds once all is quiet: no hart idles beside work, and nobody sleeps through an interrupt. */
  checkQuiet(): void {
    let idle = 0;
    let waiting = 0;
    for (let hart = 0; hart < this.#harts; hart++) if (this.bench.idles(hart)) idle++;
    for (let index = 0; index < this.#vcpus; index++) {
      const vcpu = vcpuAt(index);
      if (this.stateOf(vcpu) === VCPU_STATE.ready) waiting++;
      if (this.stateOf(vcpu) !== VCPU_STATE.blocked) continue;
      expect(this.memory.load(field(vcpu, VCPU.pending))).toBe(0);
      const held = this.memory.load(field(contextOf(vcpu), CONTEXT.pending)) & this.memory.load(field(contextOf(vcpu), CONTEXT.enabled));
      expect(held).toBe(0);
      expect(this.memory.load(field(machineOf(this.memory, vcpu), VM.rung))).toBe(0);
    }
    if (idle > 0) expect(waiting).toBe(0);
    for (let hart = 0; hart < this.#harts; hart++) {
      const running = current(this.memory, queueOf(hart));
      if (running !== NONE) expect(this.stateOf(running)).toBe(VCPU_STATE.running);
    }
  }

  stateOf(vcpu: PhysicalAddress): number {
    return this.memory.load(field(vcpu, VCPU.state));
  }

  /** A guest on its first turn says who it is, in a register, and enables its interrupts. */
  #greet(id: number): void {
    const vcpu = current(this.memory, queueOf(id));
    if (vcpu === NONE || this.#greeted.has(vcpu)) return;
    this.#greeted.add(vcpu);
    this.bench.mark(id, this.memory.load(field(machineOf(this.memory, vcpu), VM.number)) + 1);
    this.bench.hart(id).setCsr(CSR.vsie, ENABLED, 0);
  }

  #act(step: Exclude<Step, { kind: "pass" | "deliver" | "settle" }>): void {
    const { bench } = this;
    switch (step.kind) {
      case "wait": return bench.wait(step.hart);
      case "yield": return void bench.call(step.hart, VENDOR, 3);
      case "notify": return void bench.call(step.hart, VENDOR, 1, step.id);
      case "timer": return void bench.call(step.hart, TIMER, 0, bench.clock.time() + step.ahead);
      case "reset": return void bench.call(step.hart, RESET, 0, 0, 0);
      case "take":
        bench.hart(step.hart).clearCsrBits(CSR.vsip, ENABLED);
        bench.call(step.hart, TIMER, 0, 2 ** 53);
        return void bench.call(step.hart, VENDOR, 2);
    }
  }
}

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
      smp.settle();
      smp.check();
      smp.checkQuiet();
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

test("a guest's second vCPU starts on another hart, is interrupted there, and stops with its machine", () => {
  const bench = new EngineBench(ENGINES.smp, [guest("pair", { vcpus: 2 })], { harts: 2 });
  expect(bench.idles(1)).toBe(true);
  expect(bench.call(0, HART_STATE, 2, 1)).toEqual({ error: 0, value: 1 });
  expect(bench.call(0, HART_STATE, 0, 1, 0x8020_1000, 42).error).toBe(0);
  expect(bench.call(0, HART_STATE, 0, 1, 0x8020_1000, 42).error).toBe(-6);
  bench.deliver(1);
  expect(bench.idles(1)).toBe(false);
  expect([bench.hart(1).xNumber(10), bench.hart(1).xNumber(11), bench.hart(1).csrNumber(CSR.sepc)]).toEqual([1, 42, 0x8020_1000]);
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
