import type { Configuration, Engine, EngineDescription, EngineReport, Platform } from "../engine.ts";
import { reportGuest } from "../report/guest.ts";
import { VCPU_SHARING, VM_SHARING } from "../report/sharing.ts";
import { StateView } from "../report/state-view.ts";
import { microschedulerInvariants } from "./invariants.ts";
import { CAPACITY, TURN, turnOf, vmAt } from "./layout.ts";
import { Microscheduler } from "./scheduler.ts";

/** Guests stay on their harts. Other harts reach the doorbell bitmap of each, and its first vCPU's pending interrupts. */
const SHARED_WORDS_OF_GUEST = VM_SHARING.rung.words + VCPU_SHARING.pending.words;

export const microscheduler: EngineDescription = {
  name: "microscheduler",
  summary: "a small scheduler whose guests are its peers: true S-mode, all of physical memory, no second stage",
  mode: "machine",
  options: {},
  claims: { memoryIsolation: false, cpuShare: false, privilege: false },
  maximumHarts: CAPACITY.harts,
  maximumVms: CAPACITY.vms,
  entry: "microscheduler/scheduler.ts",

  create(platform: Platform, configuration: Configuration): Engine {
    return new Microscheduler(platform, configuration);
  },

  inspect(platform: Platform, configuration: Configuration): EngineReport {
    const view = new StateView(platform.memory);
    let worldSwitches = 0;
    for (let hart = 0; hart < platform.harts; hart++) worldSwitches += view.number(turnOf(hart), TURN.worldSwitches);
    return {
      vms: configuration.vms.map((vm, index) => reportGuest(view, vm.name, vmAt(index))),
      tables: [
        { name: "run-queue", base: turnOf(0), bytes: turnOf(platform.harts) - turnOf(0) },
        { name: "virtual-machines", base: vmAt(0), bytes: vmAt(configuration.vms.length) - vmAt(0) },
      ],
      locks: [],
      worldSwitches,
      sharedMutableWords: platform.harts === 1 ? 0 : SHARED_WORDS_OF_GUEST * configuration.vms.length,
    };
  },

  invariants(platform: Platform, configuration: Configuration): readonly string[] {
    return microschedulerInvariants(platform, configuration);
  },
};
