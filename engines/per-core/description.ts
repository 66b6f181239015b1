import { MAXIMUM_HARTS } from "../machine/layout.ts";
import type { Configuration, Engine, EngineDescription, EngineReport, Options, Platform } from "../engine.ts";
import { optionValue } from "../options.ts";
import type { Networking } from "../placement/devices.ts";
import { deviceAreaBytes } from "../virtual-devices/layout.ts";
import { place } from "../placement/placement.ts";
import { reportGuest } from "../report/guest.ts";
import { RING_SHARING, sharedWords } from "../report/sharing.ts";
import { StateView } from "../report/state-view.ts";
import { QUEUE } from "../scheduler/queue.ts";
import { reportNetwork } from "../report/network.ts";
import { NIC_OPTION, tablesOf, UNIPROCESSOR_OPTIONS, uniprocessorOptions } from "../uniprocessor/description.ts";
import { CAPACITY, Layout } from "../uniprocessor/layout.ts";
import { Crossings } from "./crossings.ts";
import { PerCore } from "./hypervisors.ts";
import { perCoreInvariants } from "./invariants.ts";
import { instanceState } from "./layout.ts";

export const perCore: EngineDescription = {
  name: "per-core",
  summary: "the uniprocessor hypervisor once on every hart, and rings between them; guests stay where they are put",
  mode: "hypervisor",
  options: UNIPROCESSOR_OPTIONS,
  claims: { memoryIsolation: true, cpuShare: true, privilege: true },
  maximumHarts: MAXIMUM_HARTS,
  maximumVms: MAXIMUM_HARTS * CAPACITY.vms,
  entry: "per-core/hypervisors.ts",

  create(platform: Platform, configuration: Configuration, options: Options): Engine {
    return new PerCore(platform, configuration, uniprocessorOptions(options, configuration));
  },

  inspect(platform: Platform, configuration: Configuration, options: Options): EngineReport {
    const { memory, harts } = platform;
    const view = new StateView(memory);
    const layouts = Array.from({ length: harts }, (_, hart) => new Layout(instanceState(hart)));
    const placed = layouts.map(() => 0);
    const crossings = new Crossings(place(configuration, memory.ramBytes, "translated", deviceAreaBytes(configuration)), harts);
    return {
      ...reportNetwork(view, configuration, optionValue<Networking>(NIC_OPTION, "nic", options)),
      vms: configuration.vms.map((vm) => {
        const hart = vm.hart % harts;
        return reportGuest(view, vm.name, layouts[hart].vm(placed[hart]++));
      }),
      tables: layouts.flatMap((layout, hart) => tablesOf(layout, configuration.vms.filter((vm) => vm.hart % harts === hart).length)),
      locks: [],
      worldSwitches: layouts.reduce((sum, { queue }) => sum + view.number(queue, QUEUE.worldSwitches), 0),
      sharedMutableWords: crossings.rings * sharedWords(RING_SHARING),
    };
  },

  invariants(platform: Platform, configuration: Configuration, options: Options): readonly string[] {
    return perCoreInvariants(platform, configuration, uniprocessorOptions(options, configuration));
  },
};
