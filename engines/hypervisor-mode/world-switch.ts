// Putting a vCPU on a hart, and taking it off.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field } from "../state/words.ts";
import { contextOf, machineOf } from "../vcpu/record.ts";
import { VM } from "../virtual-machine/record.ts";

/** Address space 0 is the machine's own. */
const FIRST_SPACE = 1;

export function enterWorld(hart: Hart, vcpu: PhysicalAddress): void {
  const vm = machineOf(hart.memory, vcpu);
  hart.loadContext(contextOf(vcpu));
  hart.setSecondStage(field(vm, VM.secondStage), hart.memory.load(field(vm, VM.number)) + FIRST_SPACE);
}

export function leaveWorld(hart: Hart, vcpu: PhysicalAddress): void {
  hart.saveContext(contextOf(vcpu));
}
