import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { physical } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { append } from "../../engines/scheduler/queue.ts";
import { TableScheduler } from "../../engines/scheduler/table.ts";
import type { Scheduler } from "../../engines/scheduler/scheduler.ts";
import { field } from "../../engines/state/words.ts";
import { VCPU, VCPU_BYTES } from "../../engines/vcpu/record.ts";
import { type Behaviour, type Member, MILLISECOND, QUEUE_AT, Simulation, TABLE_AT, VCPUS_AT } from "./scheduler-simulation.ts";

/** Cycles by which rounding up the ends of turns may put a vCPU's time off, in one period. */
const ROUNDING = 100;

const greedy: Behaviour = { kind: "greedy" };

describe("budget", () => {
  test("always-ready vCPUs get their budgets in every period, and the slack in equal parts", () => {
    const simulation = new Simulation([
      { budget: 2 * MILLISECOND, period: 10 * MILLISECOND, behaviour: greedy },
      { budget: 4 * MILLISECOND, period: 10 * MILLISECOND, behaviour: greedy },
    ]);
    simulation.run(100 * MILLISECOND);
    expect(simulation.cpuTime(0)).toBeCloseTo(40 * MILLISECOND, -3);
    expect(simulation.cpuTime(1)).toBeCloseTo(60 * MILLISECOND, -3);
  });

  test("a hart with more due than it has time for gives in proportion", () => {
    const simulation = new Simulation([
      { budget: 9 * MILLISECOND, period: 10 * MILLISECOND, behaviour: greedy },
      { budget: 3 * MILLISECOND, period: 10 * MILLISECOND, behaviour: greedy },
    ]);
    simulation.run(1200 * MILLISECOND);
    expect(simulation.cpuTime(0) / simulation.cpuTime(1)).toBeGreaterThan(2.8);
    expect(simulation.cpuTime(0) / simulation.cpuTime(1)).toBeLessThan(3.2);
  });

  test("who alone can run runs all the time", () => {
    const simulation = new Simulation([{ budget: MILLISECOND, period: 10 * MILLISECOND, behaviour: greedy }]);
    simulation.run(100 * MILLISECOND);
    expect(simulation.cpuTime(0)).toBeCloseTo(100 * MILLISECOND, -3);
  });

  test("two that yield all the time alternate, even when one has used up its budget", () => {
    const simulation = new Simulation([
      { budget: MILLISECOND, period: 10 * MILLISECOND, behaviour: { kind: "yields", after: 10_000 } },
      { budget: 9 * MILLISECOND, period: 10 * MILLISECOND, behaviour: { kind: "yields", after: 10_000 } },
    ]);
    let last = -1;
    let turns = 0;
    let repeats = 0;
    simulation.run(100 * MILLISECOND, (index) => {
      turns++;
      if (index === last) repeats++;
      last = index;
    });
    expect(repeats / turns).toBeLessThan(0.01);
  });

  test("no mixture of yielding and sleeping neighbours takes an always-ready vCPU's share", () => {
    const behaviour = fc.oneof(
      fc.constant(greedy),
      fc.record({ kind: fc.constant("yields" as const), after: fc.integer({ min: 20_000, max: 3 * MILLISECOND }) }),
      fc.record({
        kind: fc.constant("sleeps" as const), after: fc.integer({ min: 20_000, max: 5 * MILLISECOND }),
        for: fc.integer({ min: 1_000, max: 30 * MILLISECOND }),
      }),
    );
    const neighbour = fc.record({ weight: fc.integer({ min: 1, max: 10 }), period: fc.integer({ min: 2, max: 40 }), behaviour });
    const victim = { weight: 5, period: 10 };
    fc.assert(fc.property(fc.array(neighbour, { minLength: 1, maxLength: 5 }), (neighbours) => {
      const weights = neighbours.reduce((sum, { weight }) => sum + weight, victim.weight);
      const member = (share: { weight: number; period: number }, how: Behaviour): Member => (
        { budget: (share.weight / weights) * share.period * MILLISECOND, period: share.period * MILLISECOND, behaviour: how });
      const members = [member(victim, greedy), ...neighbours.map((one) => member(one, one.behaviour))];
      const simulation = new Simulation(members);
      const { budget, period } = members[0];
      // In every window of one period of its own from the beginning, which is when its first period begins.
      const got: number[] = [];
      simulation.run(40 * period, (index, from, to) => {
        if (index !== 0) return;
        for (let at = from; at < to;) {
          const window = Math.floor(at / period);
          const stop = Math.min(to, (window + 1) * period);
          got[window] = (got[window] ?? 0) + stop - at;
          at = stop;
        }
      });
      for (let window = 0; window < 40; window++) expect(got[window] ?? 0).toBeGreaterThan(budget - ROUNDING);
    }), { numRuns: 60 });
  });

  test("sleeping saves nothing up: who wakes late in a period cannot have two budgets in a row", () => {
    const period = 10 * MILLISECOND;
    const simulation = new Simulation([
      { budget: 5 * MILLISECOND, period, behaviour: { kind: "sleeps", after: 20 * MILLISECOND, for: 7 * MILLISECOND } },
      { budget: 5 * MILLISECOND, period, behaviour: greedy },
    ]);
    const stretches: { from: number; to: number }[] = [];
    simulation.run(500 * MILLISECOND, (index, from, to) => { if (index === 0) stretches.push({ from, to }); });
    const had = (from: number, to: number): number =>
      stretches.reduce((sum, stretch) => sum + Math.max(0, Math.min(to, stretch.to) - Math.max(from, stretch.from)), 0);
    for (let at = 0; at < 480 * MILLISECOND; at += MILLISECOND / 4) {
      expect(had(at, at + 1.4 * period)).toBeLessThan(2 * simulation.budget(0));
    }
    expect(simulation.cpuTime(1)).toBeGreaterThan(250 * MILLISECOND);
  });
});

describe("table", () => {
  const tableOf = (): Scheduler => new TableScheduler(TABLE_AT);

  test("each vCPU runs in its window of the frame, and nowhere else", () => {
    const simulation = new Simulation([
      { budget: 2 * MILLISECOND, period: 10 * MILLISECOND, behaviour: greedy },
      { budget: MILLISECOND, period: 5 * MILLISECOND, behaviour: greedy },
      { budget: 3 * MILLISECOND, period: 10 * MILLISECOND, behaviour: { kind: "sleeps", after: MILLISECOND, for: 500 * MILLISECOND } },
    ], tableOf);
    const windows = [[0, 2], [2, 4], [4, 7], [7, 10]];
    simulation.run(100 * MILLISECOND, (index, from, to) => {
      if (index < 0) return;
      const [start, end] = windows[index].map((edge) => edge * MILLISECOND);
      expect(from % (10 * MILLISECOND)).toBeGreaterThanOrEqual(start);
      expect(((to - 1) % (10 * MILLISECOND)) + 1).toBeLessThanOrEqual(end);
    });
    expect([0, 1, 2].map((index) => simulation.cpuTime(index) / MILLISECOND)).toEqual([20, 20, 1]);
  });

  test("says by how much its windows exceed the frame", () => {
    const memory = new CoreMemory(PhysicalMemory.create(0x1_0000, 0));
    for (let index = 0; index < 3; index++) {
      const vcpu = physical(VCPUS_AT + index * VCPU_BYTES);
      memory.storeNumber(field(vcpu, VCPU.budget), 4 * MILLISECOND);
      memory.storeNumber(field(vcpu, VCPU.period), 10 * MILLISECOND);
      append(memory, QUEUE_AT, vcpu);
    }
    expect(new TableScheduler(TABLE_AT).build(memory, QUEUE_AT)).toBe(2 * MILLISECOND);
  });
});
