import type { Configuration, Engine, EngineDescription, EngineReport, Platform } from "../engine.ts";
import { CONTEXT_BYTES } from "../machine/hart/context.ts";
import { reportGuest } from "../report/guest.ts";
import { StateView } from "../report/state-view.ts";
import { Firmware } from "./firmware.ts";
import { bareInvariants } from "./invariants.ts";
import { CAPACITY, GUEST } from "./layout.ts";

/** Of the machine: its state, why it ended, its units page (a number), and its doorbells. */
const SHARED_WORDS = 5;
/** Of a vCPU: its state, what is pending, its fences (three), and the context that it is started with. */
const SHARED_WORDS_OF_VCPU = 5 + CONTEXT_BYTES / 4;

export const bare: EngineDescription = {
  name: "bare",
  summary: "firmware that only answers SBI, for one guest with a hart for each vCPU: the baseline",
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
    const vcpus = configuration.vms.reduce((sum, vm) => sum + vm.vcpus, 0);
    return {
      vms: configuration.vms.map((vm) => reportGuest(view, vm.name, GUEST)),
      locks: [],
      tables: [],
      worldSwitches: 0,
      sharedMutableWords: vcpus === 1 ? 0 : SHARED_WORDS + vcpus * SHARED_WORDS_OF_VCPU,
    };
  },

  invariants(platform: Platform, configuration: Configuration): readonly string[] {
    return bareInvariants(platform, configuration);
  },
};
