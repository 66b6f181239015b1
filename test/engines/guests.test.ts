// Real guests to their end on every engine, on real threads: what they compute must be what it always is.

import { afterAll, describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineName, Options, VirtualMachine } from "../../engines/engine.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { planWorkload } from "../../workloads/plan.ts";
import type { Workload } from "../../workloads/workload.ts";
import { configurationOf } from "../../bench/configuration.ts";
import { MachineSession } from "../../bench/session.ts";
import type { VmReading } from "../../bench/machine-reading.ts";
import { KeptThreads } from "./kept-threads.ts";

const STEP_MS = 100;
const MOST_STEPS = 600;

const threads = new Map([1, 2].map((harts) => [harts, new KeptThreads(harts)]));
afterAll(() => Promise.all([...threads.values()].map((kept) => kept.end())));

interface Outcome {
  readonly state: string;
  readonly reason: string | undefined;
  readonly units: number | undefined;
  readonly digestSum: bigint | undefined;
  readonly failures: number | undefined;
}

interface Run {
  readonly outcomes: readonly Outcome[];
  readonly cpuTimes: readonly number[];
  readonly console: string;
}

function workloadOf(name: string): Workload {
  const workload = CATALOGUE.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  return workload;
}

/** How a guest ends that did `units` of a workload, and did them right. */
function right(name: string, units: number): Outcome {
  const digestSum = BigInt.asUintN(64, BigInt(units) * workloadOf(name).unitDigest);
  return { state: "finished", reason: "it shut down", units, digestSum, failures: 0 };
}

/** Runs a workload until every guest has ended. */
async function complete(engine: EngineName, name: string, harts: number, units: number, options: Options = {}): Promise<Run> {
  const configuration = configurationOf(planWorkload(workloadOf(name), harts, {}), harts);
  const vms = configuration.vms.map((vm): VirtualMachine => ({ ...vm, bootArguments: `${vm.bootArguments} units=${units}` }));
  const session = await MachineSession.start({ engine, options, harts, configuration: { ...configuration, vms } }, threads.get(harts));
  try {
    for (let step = 0; step < MOST_STEPS; step++) {
      await session.run(STEP_MS);
      const reading = session.read();
      if (reading.vms.some(({ state }) => state === "running")) continue;
      return { outcomes: reading.vms.map(outcomeOf), cpuTimes: reading.vms.map(({ cpuTime }) => cpuTime), console: session.console() };
    }
    throw new Error(`${name} did not end; ${session.whereabouts()}`);
  } finally {
    await session.stop();
  }
}

function outcomeOf({ state, reason, units }: VmReading): Outcome {
  return { state, reason, units: units?.units, digestSum: units?.digestSum, failures: units?.failures };
}

/** Every guest's outcome, for as many guests as a workload has. */
function allRight(name: string, harts: number, units: number): readonly Outcome[] {
  return planWorkload(workloadOf(name), harts, {}).guests.map(() => right(name, units));
}

describe.each(Object.keys(ENGINES) as EngineName[])("%s", (engine) => {
  test("a guest computes what it should, says so, and shuts down", async () => {
    const { outcomes, console } = await complete(engine, "compute-hash", 1, 20);
    expect(outcomes).toEqual([right("compute-hash", 20)]);
    expect(console).toMatch(/tcbench: workload compute-hash units 20 digest 0x[0-9a-f]{16} ticks \d+/);
  });

  test("timer interrupts end the guest's waits", async () => {
    expect((await complete(engine, "timer", 1, 50)).outcomes).toEqual(allRight("timer", 1, 50));
  });

  test("a guest's own doorbell", async () => {
    expect((await complete(engine, "contend", 1, 500)).outcomes).toEqual(allRight("contend", 1, 500));
  });
});

describe.each(["uniprocessor", "per-core", "smp", "microscheduler"] as const)("%s", (engine) => {
  test("guests that share a hart hand it to each other", async () => {
    expect((await complete(engine, "hypercall-yield", 1, 20)).outcomes).toEqual(allRight("hypercall-yield", 1, 20));
  });

  test("two guests of one hart talk through a channel", async () => {
    expect((await complete(engine, "channel-pingpong", 1, 10)).outcomes).toEqual(allRight("channel-pingpong", 1, 10));
  });
});

describe.each([
  ["per-core", {}],
  ["microscheduler", {}],
  ["smp", { granularity: "fine", lock: "test-and-set" }],
  ["smp", { granularity: "fine", lock: "ticket", "lock-timing": "on" }],
  ["smp", { granularity: "fine", lock: "mcs" }],
  ["smp", { granularity: "big", lock: "mcs" }],
] as const)("%s on two harts, %o", (engine, options) => {
  test("guests of two harts talk through a channel", async () => {
    expect((await complete(engine, "channel-pingpong", 2, 200, options)).outcomes).toEqual(allRight("channel-pingpong", 2, 200));
    expect((await complete(engine, "channel-stream", 2, 20, options)).outcomes).toEqual(allRight("channel-stream", 2, 20));
  });

  test("uneven guests that know nothing of a second hart all finish", async () => {
    const { outcomes, cpuTimes } = await complete(engine, "legacy", 2, 100, options);
    expect(outcomes).toEqual(allRight("legacy", 2, 100));
    // The harts' time never goes back, not even when the machine first runs.
    expect(cpuTimes.filter((cpuTime) => cpuTime <= 0)).toEqual([]);
  });
});
