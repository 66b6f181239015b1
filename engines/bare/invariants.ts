// What holds of the firmware's state whenever no hart is in it, as long as its guest, which reaches all of it, leaves it alone.

import { INTERRUPT } from "../machine/hart/privileged.ts";
import type { Configuration, Platform } from "../engine.ts";
import { guestInvariants } from "../invariants/guest.ts";
import { place } from "../placement/placement.ts";
import { StateView } from "../report/state-view.ts";
import { VCPU_STATE } from "../vcpu/record.ts";
import { GUEST, vcpuAt } from "./layout.ts";

const { stopped, blocked, ready, running, starting } = VCPU_STATE;
const RULES = { states: [stopped, blocked, ready, running, starting], interrupts: INTERRUPT.SSI, left: "budget", restarts: false } as const;

export function bareInvariants({ memory }: Platform, configuration: Configuration): readonly string[] {
  const view = new StateView(memory);
  return place(configuration, memory.ramBytes, "flat")
    .flatMap((placed) => [...guestInvariants(view, { placed, record: GUEST, vcpus: vcpuAt(0), recordOf: () => GUEST }, RULES)]);
}
