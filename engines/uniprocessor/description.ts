import { physical } from "../machine/address.ts";
import { RAM_BASE } from "../machine/layout.ts";
import type { Configuration, Engine, EngineDescription, EngineReport, EngineTable, Options, Platform } from "../engine.ts";
import { optionValue } from "../options.ts";
import { reportGuest } from "../report/guest.ts";
import { reportNetwork } from "../report/network.ts";
import { StateView } from "../report/state-view.ts";
import { QUEUE, QUEUE_BYTES } from "../scheduler/queue.ts";
import type { Networking } from "../placement/devices.ts";
import { Uniprocessor, type SchedulerName, type UniprocessorOptions } from "./hypervisor.ts";
import { CAPACITY, Layout } from "./layout.ts";

export const NIC_OPTION = {
  values: ["passthrough", "switch"],
  default: "passthrough",
  summary: "network ports belong to their owners, or the engine drives them and switches frames between guests and ports",
} as const;

export const SCHEDULER_OPTION = {
  values: ["budget", "table"],
  default: "budget",
  summary: "a budget per period with slack given away, or a fixed table of windows (as ARINC 653)",
} as const;

export const UNIPROCESSOR_OPTIONS = { scheduler: SCHEDULER_OPTION, nic: NIC_OPTION } as const;

export function uniprocessorOptions(options: Options): UniprocessorOptions {
  return {
    scheduler: optionValue<SchedulerName>(SCHEDULER_OPTION, "scheduler", options),
    nic: optionValue<Networking>(NIC_OPTION, "nic", options),
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
    return Uniprocessor.of(platform, configuration, uniprocessorOptions(options));
  },

  inspect(platform: Platform, configuration: Configuration, options: Options): EngineReport {
    const view = new StateView(platform.memory);
    const layout = new Layout(physical(RAM_BASE));
    return {
      ...reportNetwork(view, configuration, uniprocessorOptions(options).nic),
      vms: configuration.vms.map((vm, index) => reportGuest(view, vm.name, layout.vm(index))),
      tables: tablesOf(layout, configuration.vms.length),
      locks: [],
      worldSwitches: view.number(layout.queue, QUEUE.worldSwitches),
      sharedMutableWords: 0,
    };
  },
};
