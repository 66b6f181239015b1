// What holds of the microscheduler's state whenever no hart is in it, as long as its guests, who reach all of it, leave it alone.

import { INTERRUPT } from "../machine/hart/privileged.ts";
import type { Configuration, Platform } from "../engine.ts";
import { guestInvariants, type GuestRecords, vcpusOf } from "../invariants/guest.ts";
import { type Broken, isTime, isUnused, isWithin } from "../invariants/words.ts";
import { place } from "../placement/placement.ts";
import { StateView } from "../report/state-view.ts";
import { VCPU_STATE } from "../vcpu/record.ts";
import { CAPACITY, TURN, turnOf, vcpuAt, vmAt } from "./layout.ts";

const NOBODY = -1;
const RULES = { states: [VCPU_STATE.stopped, VCPU_STATE.blocked, VCPU_STATE.ready], interrupts: INTERRUPT.SSI, left: "budget", restarts: false } as const;

export function microschedulerInvariants(platform: Platform, configuration: Configuration): readonly string[] {
  return [...stateInvariants(platform, configuration)];
}

function* stateInvariants({ memory, harts }: Platform, configuration: Configuration): Broken {
  const view = new StateView(memory);
  const members = Array.from({ length: harts }, () => 0);
  let vcpus = 0;
  for (const placed of place(configuration, memory.ramBytes, "flat")) {
    const guest: GuestRecords = { placed, record: vmAt(placed.index), vcpus: vcpuAt(vcpus), recordOf: vmAt };
    yield* guestInvariants(view, guest, RULES);
    members[placed.machine.hart % harts] += vcpusOf(guest).length;
    vcpus += placed.machine.vcpus;
  }
  for (const [hart, count] of members.entries()) {
    const turn = turnOf(hart);
    yield* isWithin(`hart ${hart}: whose turn it is`, view.word(turn, TURN.current), NOBODY, count - 1);
    yield* isTime(`hart ${hart}: when the turn began`, view.number(turn, TURN.start));
    yield* isTime(`hart ${hart}: when the turn ends`, view.number(turn, TURN.end));
    yield* isTime(`hart ${hart}: how often it has switched`, view.number(turn, TURN.worldSwitches));
  }
  yield* isUnused("the turn of a hart that there is not", view, turnOf(harts), turnOf(CAPACITY.harts) - turnOf(harts));
  yield* isUnused("a record of a vCPU that there is not", view, vcpuAt(vcpus), vcpuAt(CAPACITY.vcpus) - vcpuAt(vcpus));
}
