// Whether a guest that has been stopped still executes somewhere.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { Exclusion } from "../locks/exclusion.ts";
import { current } from "../scheduler/queue.ts";
import { field, NONE } from "../state/words.ts";
import { machineOf } from "../vcpu/record.ts";
import { VM } from "../virtual-machine/record.ts";
import { queueLock, queueOf } from "./layout.ts";

/** Whether a hart other than this one, of `harts`, has not yet taken a vCPU of it off. */
export function isElsewhere(hart: Hart, vm: PhysicalAddress, harts: number, exclusion: Exclusion): boolean {
  const { memory } = hart;
  if (memory.load(field(vm, VM.vcpuCount)) === 1) return false;
  for (let other = 0; other < harts; other++) {
    if (other === hart.id) continue;
    exclusion.acquire(hart, queueLock(other));
    const vcpu = current(memory, queueOf(other));
    exclusion.release(hart, queueLock(other));
    if (vcpu !== NONE && machineOf(memory, vcpu) === vm) return true;
  }
  return false;
}
