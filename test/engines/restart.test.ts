// Guests that fail and are started again, on real machines of the model clock, and what that costs the others.

import { describe, expect, test } from "vitest";
import { configurationOf } from "../../bench/configuration.ts";
import { loadProfile } from "../../bench/model/profile.ts";
import { ModelSession } from "../../bench/model/session.ts";
import { BootError, type EngineName, type Options } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { type PhysicalAddress, ticks } from "../../engines/machine/address.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { STEADY_DIGEST } from "../../workloads/faults.ts";
import type { Guest, Layout } from "../../workloads/workload.ts";

const costs = loadProfile("graviton3");
const PERIOD = ticks(1_000);
const MEMORY = 0x4_0000;

const steady = (name: string, hart: number, more: Partial<Guest> = {}): Guest => ({ name, image: "steady", bootArguments: "naps=0", memoryBytes: MEMORY, hart, counted: true, ...more });
const loopbacks = (...ends: number[]): Layout["channels"] => ends.map((end) => ({ name: `loop-${end}`, ends: [end, end], windowBytes: 0x1000 }));

function sessionOf(engine: EngineName, harts: number, layout: Layout, options: Options): ModelSession {
  return new ModelSession({ engine, options, harts, configuration: configurationOf(layout, harts, PERIOD) }, costs);
}
const unitsOf = (session: ModelSession, vm: number) => session.units(session.report().vms[vm].unitsPage as PhysicalAddress);

describe.each(["uniprocessor", "per-core", "smp"] as const)("%s", (engine) => {
  /** The first has no channel, which it says is a failure of its own as soon as it has begun. */
  const layout: Layout = { guests: [steady("hopeless", 0), steady("honest", 0)], channels: loopbacks(1) };

  test("a guest that fails at once, again and again, costs no more than its share", () => {
    const run = (restart: string) => {
      const session = sessionOf(engine, 1, layout, { restart });
      session.run(16_000_000);
      session.rest();
      expect(session.invariants()).toEqual([]);
      const [hopeless, honest] = session.report().vms;
      return { hopeless, honest, units: unitsOf(session, 1) };
    };
    const [off, on] = [run("off"), run("on")];
    expect(off.hopeless).toMatchObject({ state: "finished" });
    expect(off.hopeless.restarts).toBeUndefined();
    expect(on.hopeless.restarts?.count).toBeGreaterThan(1);
    const { cpuTime } = on.hopeless;
    expect(cpuTime / (cpuTime + on.honest.cpuTime)).toBeLessThan(0.51);
    // Half of the hart is its due; without restarts it has nearly all.
    expect((on.units?.units ?? 0) / (off.units?.units ?? 1)).toBeGreaterThan(0.45);
    expect(on.units?.digestSum).toBe(BigInt.asUintN(64, BigInt(on.units?.units ?? 0) * STEADY_DIGEST));
  });

  test("guests with devices are refused", () => {
    const vms = configurationOf(layout, 1, PERIOD).vms.map((vm, index) => ({ ...vm, serial: index === 1 }));
    expect(() => ENGINES[engine].create({ memory: PhysicalMemory.create(0x200_0000, 1), harts: 1 }, { vms, channels: [] }, { restart: "on" }))
      .toThrow(new BootError("restart=on: honest has devices, which cannot be started again with it"));
  });
});

test("a guest of several vCPUs that run on several harts starts again with one", () => {
  const session = sessionOf("smp", 2, {
    guests: [
      { name: "hostile", image: "attack", bootArguments: "attack=fault-vector begin=0", vcpus: 2, memoryBytes: 4 * MEMORY, hart: 0, counted: false },
      steady("honest-0", 0), steady("honest-1", 1),
    ],
    channels: loopbacks(1, 2),
  }, { restart: "on" });
  let restarts = 0;
  for (let step = 0; step < 50; step++) {
    session.run(500_000);
    session.rest();
    expect(session.invariants()).toEqual([]);
    restarts = session.report().vms[0].restarts?.count ?? 0;
  }
  expect(restarts).toBeGreaterThan(2);
  for (const vm of [1, 2]) expect(unitsOf(session, vm)?.digestSum).toBe(BigInt.asUintN(64, BigInt(unitsOf(session, vm)?.units ?? 0) * STEADY_DIGEST));
});

test("it begins anew with all of its memory as it was at boot", () => {
  const memoryOf = (session: ModelSession) => {
    const { memory } = session.report().vms[0];
    return Buffer.from(session.ram().slice(memory - 0x8000_0000, memory - 0x8000_0000 + MEMORY));
  };
  const layout: Layout = { guests: [steady("hopeless", 0)], channels: [] };
  const session = sessionOf("uniprocessor", 1, layout, { restart: "on" });
  session.run(1);
  const booted = memoryOf(session);
  let states = 0;
  for (let step = 0; step < 20_000 && states < 2; step++) {
    session.run(500);
    if (session.report().vms[0].state === "failed" || states === 1) states = session.report().vms[0].state === "failed" ? 1 : 2;
  }
  // It has executed for less than 500 cycles since: it moves itself first, which changes nothing of an image that has been moved.
  const again = memoryOf(session);
  expect(states).toBe(2);
  expect(again.equals(booted)).toBe(true);
});
