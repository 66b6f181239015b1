// Real guests to their end on every engine, on real threads: what they compute must be what it always is.

import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineName, Options, VirtualMachine } from "../../engines/engine.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { planWorkload } from "../../workloads/plan.ts";
import { configurationOf } from "../../bench/configuration.ts";
import { MachineSession } from "../../bench/session.ts";
import type { VmReading } from "../../bench/machine-reading.ts";

const STEP_MS = 100;
const MOST_STEPS = 600;

/** Runs a workload until every guest has done its units. */
async function complete(
  engine: EngineName, name: string, harts: number, units: number,
  { settings = {}, options = {} }: { settings?: Readonly<Record<string, string>>; options?: Options } = {},
): Promise<{ readonly vms: readonly VmReading[]; readonly console: string; readonly locks: readonly { name: string; acquisitions: number }[] }> {
  const workload = CATALOGUE.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  const configuration = configurationOf(planWorkload(workload, harts, settings), harts);
  const vms = configuration.vms.map((vm): VirtualMachine => ({ ...vm, bootArguments: `${vm.bootArguments} units=${units}` }));
  const session = await MachineSession.start({ engine, options, harts, configuration: { ...configuration, vms } });
  try {
    for (let step = 0; step < MOST_STEPS; step++) {
      await session.run(STEP_MS);
      const reading = session.read();
      if (reading.vms.some(({ state }) => state === "running")) continue;
      for (const vm of reading.vms) {
        expect(vm).toMatchObject({ state: "finished", reason: "it shut down" });
        expect(vm.units).toMatchObject({ units, failures: 0 });
        expect(BigInt.asUintN(64, vm.units?.digestSum ?? 0n)).toBe(BigInt.asUintN(64, BigInt(units) * workload.unitDigest));
      }
      return { vms: reading.vms, console: session.console(), locks: reading.locks };
    }
    throw new Error(`not finished: ${JSON.stringify(session.read().vms, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))}; ${session.whereabouts()}`);
  } finally {
    await session.stop();
  }
}

describe.each(Object.keys(ENGINES) as EngineName[])("%s", (engine) => {
  test("a guest computes what it should, says so, and shuts down", async () => {
    const { console } = await complete(engine, "compute-hash", 1, 20);
    expect(console).toMatch(/tcbench: workload compute-hash units 20 digest 0x[0-9a-f]{16} ticks \d+/);
  });

  test("timer interrupts end the guest's waits", async () => {
    await complete(engine, "timer", 1, 50);
  });

  test("a guest's own doorbell", async () => {
    await complete(engine, "contend", 1, 500);
  });
});

describe.each(["uniprocessor", "per-core", "smp", "microscheduler"] as const)("%s", (engine) => {
  test("guests that share a hart hand it to each other", async () => {
    await complete(engine, "hypercall-yield", 1, 20);
  });

  test("two guests of one hart talk through a channel", async () => {
    await complete(engine, "channel-pingpong", 1, 10);
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
    await complete(engine, "channel-pingpong", 2, 200, { options });
    await complete(engine, "channel-stream", 2, 20, { options });
  });

  test("uneven guests that know nothing of a second hart all finish", async () => {
    await complete(engine, "legacy", 2, 100, { options });
  });
});
