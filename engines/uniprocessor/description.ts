import { physical } from "../machine/address.ts";
import { RAM_BASE } from "../machine/layout.ts";
import type { Configuration, Engine, EngineDescription, EngineReport, Options, Platform } from "../engine.ts";
import { optionValue } from "../options.ts";
import { checkConfiguration } from "../placement/check.ts";
import { place } from "../placement/placement.ts";
import { reportGuest } from "../report/guest.ts";
import { StateView } from "../report/state-view.ts";
import { QUEUE } from "../scheduler/queue.ts";
import { Uniprocessor, type SchedulerName } from "./hypervisor.ts";
import { Layout, MAXIMUM_VMS } from "./layout.ts";

const MAXIMUM_HARTS = 1;
const STATE = physical(RAM_BASE);

export const SCHEDULER_OPTION = {
  values: ["budget", "table"],
  default: "budget",
  summary: "a budget per period with slack given away, or a fixed table of windows (as ARINC 653)",
} as const;

export const uniprocessor: EngineDescription = {
  name: "uniprocessor",
  summary: "Type 1 hypervisor for one hart: what per-core and smp grow out of",
  mode: "hypervisor",
  options: { scheduler: SCHEDULER_OPTION },
  claims: { memoryIsolation: true, cpuShare: true, privilege: true },
  maximumHarts: MAXIMUM_HARTS,
  maximumVms: MAXIMUM_VMS,
  entry: "uniprocessor/hypervisor.ts",

  create(platform: Platform, configuration: Configuration, options: Options): Engine {
    checkConfiguration(configuration, platform.harts, MAXIMUM_HARTS);
    const vms = place(configuration, platform.memory.ramBytes, "translated");
    return new Uniprocessor(platform.memory, vms, optionValue<SchedulerName>(SCHEDULER_OPTION, "scheduler", options), STATE);
  },

  inspect(platform: Platform, configuration: Configuration): EngineReport {
    const view = new StateView(platform.memory);
    const layout = new Layout(STATE);
    return {
      vms: configuration.vms.map((vm, index) => reportGuest(view, vm.name, layout.vm(index))),
      locks: [],
      worldSwitches: view.number(layout.queue, QUEUE.worldSwitches),
      sharedMutableWords: 0,
    };
  },
};
