import { physical } from "../machine/address.ts";
import { RAM_BASE } from "../machine/layout.ts";
import type { Configuration, Engine, EngineDescription, EngineReport, EngineTable, Options, Platform } from "../engine.ts";
import { optionValue } from "../options.ts";
import { reportGuest } from "../report/guest.ts";
import { reportNetwork } from "../report/network.ts";
import { Restarts } from "../restart/restarts.ts";
import { StateView } from "../report/state-view.ts";
import { CREDIT_WITHDRAWS, CreditScheduler, sampledEvery } from "../scheduler/credit.ts";
import { QUEUE, QUEUE_BYTES } from "../scheduler/queue.ts";
import type { Networking } from "../placement/devices.ts";
import { deviceAreaBytes } from "../virtual-devices/layout.ts";
import { uniprocessorInvariants } from "./invariants.ts";
import { Uniprocessor, type UniprocessorOptions } from "./hypervisor.ts";
import { CAPACITY, Layout } from "./layout.ts";

export const NIC_OPTION = {
  values: ["passthrough", "switch"],
  default: "passthrough",
  summary: "network ports belong to their owners, or the engine drives them and switches frames between guests and ports",
} as const;

export const SCHEDULER_OPTION = {
  values: ["budget", "table", "credit"],
  default: "budget",
  summary: "a budget per period with slack given away, a fixed table of windows (as ARINC 653), or credits charged by sampling at ticks (as Xen's, to be attacked)",
  withdraws: CREDIT_WITHDRAWS,
} as const;

export const RESTART_OPTION = {
  values: ["off", "on"],
  default: "off",
  summary: "a guest that fails stays as it is, or is started again from a copy that the engine keeps (guests without devices)",
} as const;

export const UNIPROCESSOR_OPTIONS = { scheduler: SCHEDULER_OPTION, nic: NIC_OPTION, restart: RESTART_OPTION } as const;

/** Undefined under restart=off. */
export function restartsOf(options: Options, configuration: Configuration): Restarts | undefined {
  const chosen = optionValue<"off" | "on">(RESTART_OPTION, "restart", options);
  return chosen === "off" ? undefined : new Restarts(configuration, deviceAreaBytes(configuration));
}

export function uniprocessorOptions(options: Options, configuration: Configuration): UniprocessorOptions {
  const restarts = restartsOf(options, configuration);
  const scheduler = optionValue<"budget" | "table" | "credit">(SCHEDULER_OPTION, "scheduler", options);
  return {
    // Given to the hypervisor from here, so that who trusts the others does not trust it.
    scheduler: scheduler === "credit" ? new CreditScheduler(sampledEvery(configuration.vms)) : scheduler,
    nic: optionValue<Networking>(NIC_OPTION, "nic", options),
    ...(restarts === undefined ? {} : { restarts }),
  };
}

/** Of an instance with so many guests. */
export function tablesOf(layout: Layout, guests: number): EngineTable[] {
  return [
    { name: "run-queue", base: layout.queue, bytes: QUEUE_BYTES },
    { name: "virtual-machines", base: layout.vm(0), bytes: layout.vm(guests) - layout.vm(0) },
  ];
}

export const uniprocessor: EngineDescription = {
  name: "uniprocessor",
  summary: "Type 1 hypervisor for one hart: what per-core and smp grow out of",
  mode: "hypervisor",
  options: UNIPROCESSOR_OPTIONS,
  claims: { memoryIsolation: true, cpuShare: true, privilege: true },
  maximumHarts: CAPACITY.harts,
  maximumVms: CAPACITY.vms,
  entry: "uniprocessor/hypervisor.ts",

  create(platform: Platform, configuration: Configuration, options: Options): Engine {
    return Uniprocessor.of(platform, configuration, uniprocessorOptions(options, configuration));
  },

  inspect(platform: Platform, configuration: Configuration, options: Options): EngineReport {
    const view = new StateView(platform.memory);
    const layout = new Layout(physical(RAM_BASE));
    return {
      ...reportNetwork(view, configuration, optionValue<Networking>(NIC_OPTION, "nic", options)),
      vms: configuration.vms.map((vm, index) => reportGuest(view, vm.name, layout.vm(index))),
      tables: tablesOf(layout, configuration.vms.length),
      locks: [],
      worldSwitches: view.number(layout.queue, QUEUE.worldSwitches),
      sharedMutableWords: 0,
    };
  },

  invariants(platform: Platform, configuration: Configuration, options: Options): readonly string[] {
    return uniprocessorInvariants(platform, configuration, uniprocessorOptions(options, configuration));
  },
};
