// SBI's retentive suspend where guests wait natively: the engine waits for them, with the interrupts that they
// enable coming to itself. Their contexts lie in their records meanwhile.

import type { PhysicalAddress } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { SUPERVISOR_INTERRUPTS } from "../machine/hart/privileged.ts";
import { field, NONE } from "../state/words.ts";
import { contextOf, VCPU, VCPU_STATE } from "../vcpu/record.ts";

/** The vCPU on this hart suspends. */
export function suspend(hart: Hart, vcpu: PhysicalAddress): void {
  hart.memory.store(field(vcpu, VCPU.suspended), 1);
  hart.memory.atomicStore(field(vcpu, VCPU.state), VCPU_STATE.blocked);
  hart.saveContext(contextOf(vcpu));
  hart.setCsr(CSR.mideleg, 0, 0);
  hart.idle();
}

/** On every trap: brings back the vCPU on this hart if it had suspended, since only an interrupt can have ended that.
 *  Answers whether it had. */
export function resume(hart: Hart, vcpu: PhysicalAddress): boolean {
  if (vcpu === NONE || hart.memory.load(field(vcpu, VCPU.state)) !== VCPU_STATE.blocked) return false;
  hart.memory.atomicStore(field(vcpu, VCPU.state), VCPU_STATE.running);
  hart.setCsr(CSR.mideleg, SUPERVISOR_INTERRUPTS, 0);
  hart.loadContext(contextOf(vcpu));
  return true;
}
