// Runs of our machine for the anchors: one workload on one engine, with settings of its own.

import { ENGINES } from "../../engines/engines.ts";
import type { EngineName, VirtualMachine } from "../../engines/engine.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { planWorkload } from "../../workloads/plan.ts";
import type { BenchCase } from "../case.ts";
import { configurationOf, imageSums } from "../configuration.ts";
import { CaseFailure } from "../failure.ts";
import { MachineSession } from "../session.ts";
import { type GuestResult, parseGuestOutput } from "./guest-line.ts";

const STEP_MS = 100;
const LIMIT_MS = 120_000;

/** A case outside any plan. */
export function anchorCase(workloadName: string, engine: EngineName, harts: number, settings: Readonly<Record<string, string>> = {}): BenchCase {
  const workload = CATALOGUE.find(({ name }) => name === workloadName);
  if (workload === undefined) throw new RangeError(`no workload is called ${workloadName}`);
  const layout = planWorkload(workload, harts, settings);
  return {
    workload: workload.name, engine, options: {}, parameters: settings, harts,
    configuration: configurationOf(layout, harts),
    traffic: layout.traffic === undefined ? undefined : { traffic: layout.traffic, captured: undefined, log: false, latency: true, search: false }, counted: layout.guests.map(({ counted }) => counted),
    unitDigest: workload.unitDigest, image: imageSums(layout), trustedGuestBytes: 0, lockTiming: false,
  };
}

/** Runs one guest until it shuts down, on `engine` with one hart; the time is the one it prints. */
export async function runOnMachine(workloadName: string, engine: EngineName, moreArguments: string): Promise<GuestResult> {
  const benchCase = anchorCase(workloadName, engine, 1, { guests: "1" });
  const vms = benchCase.configuration.vms.map((vm): VirtualMachine => ({ ...vm, bootArguments: `${vm.bootArguments} ${moreArguments}` }));
  const session = await MachineSession.start({ ...benchCase, configuration: { ...benchCase.configuration, vms } });
  try {
    for (let waited = 0; waited < LIMIT_MS; waited += STEP_MS) {
      await session.run(STEP_MS);
      const [vm] = session.read().vms;
      if (vm.state === "failed") throw new CaseFailure(`${workloadName} on ${ENGINES[engine].name} failed: ${vm.reason ?? ""}`);
      if (vm.state === "finished") return parseGuestOutput(session.console());
    }
    throw new CaseFailure(`${workloadName} did not finish within ${LIMIT_MS / 1000} s; ${session.whereabouts()}`);
  } finally {
    await session.stop();
  }
}
