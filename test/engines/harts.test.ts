// The vCPUs of one guest under load, on real threads: interrupts, a shared lock, remote fences of code that is
// being rewritten, and starting and stopping, with more vCPUs than harts.

import { afterAll, describe, expect, test } from "vitest";
import { configurationOf } from "../../bench/configuration.ts";
import { MachineSession } from "../../bench/session.ts";
import type { EngineName, Options, VirtualMachine } from "../../engines/engine.ts";
import { buildImage, missingTool } from "../../workloads/build.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { planWorkload } from "../../workloads/plan.ts";
import { KeptThreads } from "./kept-threads.ts";

const STEP_MS = 50;
const MOST_STEPS = 600;
const NO_COMPILER = missingTool();
interface Setting {
  readonly engine: EngineName;
  readonly harts: number;
  readonly options: Options;
}
const SETTINGS: readonly Setting[] = [
  { engine: "bare", harts: 2, options: {} }, { engine: "uniprocessor", harts: 1, options: {} }, { engine: "per-core", harts: 2, options: {} },
  { engine: "microscheduler", harts: 2, options: {} }, { engine: "smp", harts: 1, options: {} },
  { engine: "smp", harts: 2, options: {} }, { engine: "smp", harts: 2, options: { granularity: "big", lock: "mcs" } },
  { engine: "hosted", harts: 1, options: {} }, { engine: "hosted", harts: 2, options: { split: "user" } },
];

interface Outcome {
  readonly state: string;
  readonly units: number | undefined;
  readonly failures: number | undefined;
}

const threads = new Map([1, 2].map((harts) => [harts, new KeptThreads(harts)]));
afterAll(() => Promise.all([...threads.values()].map((kept) => kept.end())));

const right = (units: number): Outcome => ({ state: "finished", units, failures: 0 });

/** Runs guests to their end, and answers how they ended: where they differ, one that is not like the last. */
async function complete({ engine, harts, options }: Setting, vms: readonly VirtualMachine[]): Promise<Outcome> {
  const session = await MachineSession.start({ engine, options, harts, configuration: { vms, channels: [] } }, threads.get(harts));
  try {
    for (let step = 0; step < MOST_STEPS; step++) {
      await session.run(STEP_MS);
      const reading = session.read();
      if (reading.vms.some(({ state }) => state === "running")) continue;
      const outcomes = reading.vms.map(({ state, units }): Outcome => ({ state, units: units?.units, failures: units?.failures }));
      return outcomes.find((outcome) => JSON.stringify(outcome) !== JSON.stringify(outcomes.at(-1))) ?? outcomes[0];
    }
    throw new Error(`it did not end; ${session.whereabouts()}; ${JSON.stringify(session.read().vms[0].units?.units)}`);
  } finally {
    await session.stop();
  }
}

function workload(name: string, harts: number, units: number, settings: Record<string, string> = {}, more = ""): VirtualMachine[] {
  const found = CATALOGUE.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  const { vms } = configurationOf(planWorkload(found, harts, settings), harts);
  return vms.map((vm) => ({ ...vm, bootArguments: `${vm.bootArguments} units=${units}${more}` }));
}

describe.each(SETTINGS)("$engine on $harts harts, $options", (setting) => {
  const { engine, harts } = setting;
  const slow = engine === "microscheduler";
  /** Its vCPUs are harts. */
  const alone = engine === "bare";

  test.each(["", " paging=1"])("interrupts between two vCPUs%s", async (paging) => {
    const units = slow ? 10 : 1000;
    expect(await complete(setting, workload("ipi", harts, units, { pairs: alone ? "1" : "2" }, paging))).toEqual(right(units));
  });

  test.each(["test-and-set", "ticket"])("vCPUs that share a lock (%s)", async (lock) => {
    const units = lock === "ticket" ? 30 : 20_000;
    expect(await complete(setting, workload("smp-guest", harts, units, { lock, vcpus: alone ? "1" : "3", think: "100" }))).toEqual(right(units));
  });
});

const image = NO_COMPILER === undefined ? buildImage("../../test/guests/harts") : new Uint8Array();

describe.skipIf(NO_COMPILER !== undefined).each(SETTINGS)("$engine on $harts harts, $options", (setting) => {
  const { engine, harts } = setting;
  const slow = engine === "microscheduler";
  /** Its vCPUs are harts. */
  const alone = engine === "bare";

  const vm = (bootArguments: string, vcpus: number): VirtualMachine => (
    { ...workload("smp-guest", harts, 1)[0], image, bootArguments, vcpus: alone ? harts : vcpus });

  test("code that one rewrites and fences for all", async () => {
    const units = slow ? 20 : 100;
    expect(await complete(setting, [vm(`test=code units=${units}`, 3)])).toEqual(right(units));
  });

  test("code that each rewrites for itself, wherever it runs", async () => {
    expect(await complete(setting, [vm(`test=own units=1 rounds=${slow ? 20 : 100}`, 4)])).toEqual(right(1));
  });

  test("all fence all, for ever", async () => {
    expect(await complete(setting, [vm(`test=storm units=1 rounds=${slow ? 20 : 100}`, 4)])).toEqual(right(1));
  });

  test("one that stops is started again", async () => {
    const units = slow ? 10 : 50;
    expect(await complete(setting, [vm(`test=stop units=${units}`, 2)])).toEqual(right(units));
  });
});
