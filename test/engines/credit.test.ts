import { describe, expect, test } from "vitest";
import { cycles } from "../../engines/machine/address.ts";
import { claimsWith } from "../../engines/options.ts";
import { BudgetScheduler } from "../../engines/scheduler/budget.ts";
import { CreditScheduler } from "../../engines/scheduler/credit.ts";
import type { Scheduler } from "../../engines/scheduler/scheduler.ts";
import { ENGINES } from "../../engines/engines.ts";
import { type Behaviour, MILLISECOND, Simulation } from "./scheduler-simulation.ts";

const TICK = 10 * MILLISECOND;
const END = 300 * TICK;
const creditOf = (): Scheduler => new CreditScheduler(cycles(TICK));
const budgetOf = (): Scheduler => new BudgetScheduler();
const greedy: Behaviour = { kind: "greedy" };

/** Percent of the time that each of the members has. */
function shares(members: readonly (readonly [budget: number, behaviour: Behaviour])[], make: () => Scheduler): number[] {
  const simulation = new Simulation(members.map(([budget, behaviour]) => ({ budget: budget * MILLISECOND, period: 10 * MILLISECOND, behaviour })), make);
  simulation.run(END);
  return members.map((_, index) => (100 * simulation.cpuTime(index)) / END);
}

describe("credits sampled at ticks", () => {
  test("who is always ready gets time by weight", () => {
    const [one, three] = shares([[2.5, greedy], [7.5, greedy]], creditOf);
    expect(one).toBeGreaterThan(23);
    expect(one).toBeLessThan(27);
    expect(one + three).toBeCloseTo(100, 3);
  });

  test("who alone can run runs all the time", () => {
    expect(shares([[1, greedy]], creditOf)[0]).toBeCloseTo(100, 3);
  });

  test("who sleeps and wakes runs at once, before who is always ready", () => {
    const sleeper: Behaviour = { kind: "sleeps", after: MILLISECOND / 10, for: 4.9 * MILLISECOND };
    expect(shares([[5, sleeper], [5, greedy]], creditOf)[0]).toBeCloseTo(2, 1);
  });

  test("the published attack: who sleeps over every tick takes nearly all; charged by exact time, its share", () => {
    const evader: Behaviour = { kind: "evades", tick: TICK, margin: TICK / 100 };
    const members = [[10 / 3, evader], [10 / 3, greedy], [10 / 3, greedy]] as const;
    const [thief, ...honest] = shares(members, creditOf);
    expect(thief).toBeGreaterThan(97);
    expect(thief + honest[0] + honest[1]).toBeCloseTo(100, 3);
    for (const share of shares(members, budgetOf)) expect(Math.abs(share - 100 / 3)).toBeLessThan(0.5);
  });
});

test("an engine that samples does not claim to keep shares, and claims the rest", () => {
  for (const engine of [ENGINES.uniprocessor, ENGINES["per-core"], ENGINES.smp]) {
    expect(claimsWith(engine, { scheduler: "credit" })).toEqual({ ...engine.claims, cpuShare: false });
    expect(claimsWith(engine, { scheduler: "budget" })).toEqual(engine.claims);
    expect(claimsWith(engine, {})).toEqual(engine.claims);
  }
});
