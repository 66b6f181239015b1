import type { Configuration, Engine, EngineDescription, EngineReport, Platform } from "../engine.ts";
import { checkConfiguration } from "../placement/check.ts";
import { place } from "../placement/placement.ts";
import { reportGuest } from "../report/guest.ts";
import { StateView } from "../report/state-view.ts";
import { Firmware } from "./firmware.ts";
import { GUEST } from "./layout.ts";

const MAXIMUM_HARTS = 1;

export const bare: EngineDescription = {
  name: "bare",
  summary: "firmware that only answers SBI, for one guest: the baseline",
  mode: "machine",
  options: {},
  claims: { memoryIsolation: false, cpuShare: false, privilege: false },
  maximumHarts: MAXIMUM_HARTS,
  maximumVms: 1,
  entry: "bare/firmware.ts",

  create(platform: Platform, configuration: Configuration): Engine {
    checkConfiguration(configuration, platform.harts, MAXIMUM_HARTS);
    return new Firmware(platform.memory, place(configuration, platform.memory.ramBytes, "flat"));
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
