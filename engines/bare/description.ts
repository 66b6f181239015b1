import type { Configuration, Engine, EngineDescription, EngineReport, Platform } from "../engine.ts";
import { reportGuest } from "../report/guest.ts";
import { StateView } from "../report/state-view.ts";
import { Firmware } from "./firmware.ts";
import { CAPACITY, GUEST } from "./layout.ts";

export const bare: EngineDescription = {
  name: "bare",
  summary: "firmware that only answers SBI, for one guest: the baseline",
  mode: "machine",
  options: {},
  claims: { memoryIsolation: false, cpuShare: false, privilege: false },
  maximumHarts: CAPACITY.harts,
  maximumVms: CAPACITY.vms,
  entry: "bare/firmware.ts",

  create(platform: Platform, configuration: Configuration): Engine {
    return new Firmware(platform, configuration);
  },

  inspect(platform: Platform, configuration: Configuration): EngineReport {
    const view = new StateView(platform.memory);
    return {
      vms: configuration.vms.map((vm) => reportGuest(view, vm.name, GUEST)),
      locks: [],
      worldSwitches: 0,
      sharedMutableWords: 0,
    };
  },
};
