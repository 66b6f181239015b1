// Fences that one vCPU asks for at others of its machine (SBI RFENCE).

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field } from "../state/words.ts";
import { VCPU, VCPU_STATE } from "./record.ts";

export const FENCE = {
  /** fence.i */
  instructions: 1,
  /** sfence.vma, of all addresses: which covers any range and address space asked for. */
  addresses: 2,
} as const;

/** Does fences (FENCE bits) for the guest on this hart. */
export function fenceHere(hart: Hart, fences: number): void {
  if ((fences & FENCE.instructions) !== 0) hart.fenceInstructions();
  if ((fences & FENCE.addresses) !== 0) hart.fenceGuest();
}

/** Makes fences due at a vCPU that may be on another hart, before it next executes there. */
export function requestFences(hart: Hart, vcpu: PhysicalAddress, fences: number): void {
  // In this order: whoever sees the request sees its fences.
  hart.memory.or(field(vcpu, VCPU.fences), fences);
  hart.memory.add(field(vcpu, VCPU.fenceRequests), 1);
}

/** Does what others have requested of the vCPU on this hart. */
export function serveFences(hart: Hart, vcpu: PhysicalAddress): void {
  const { memory } = hart;
  const requests = memory.atomicLoad(field(vcpu, VCPU.fenceRequests));
  if (requests === memory.load(field(vcpu, VCPU.fencesServed))) return;
  fenceHere(hart, memory.exchange(field(vcpu, VCPU.fences), 0));
  memory.atomicStore(field(vcpu, VCPU.fencesServed), requests);
}

/** Up to which request a vCPU has to come before what has been requested of it until now is done. */
export function fenceGoal(hart: Hart, vcpu: PhysicalAddress): number {
  return hart.memory.atomicLoad(field(vcpu, VCPU.fenceRequests));
}

/** Whether a vCPU may still execute without the fences requested up to `goal`. */
export function lacksFences(hart: Hart, vcpu: PhysicalAddress, goal: number): boolean {
  const { memory } = hart;
  // One that is not on a hart does them when it comes to one.
  return ((goal - memory.atomicLoad(field(vcpu, VCPU.fencesServed))) | 0) > 0
    && memory.atomicLoad(field(vcpu, VCPU.state)) === VCPU_STATE.running;
}
