// How a virtual machine ended.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field } from "../state/words.ts";
import { machineOf } from "../vcpu/record.ts";
import { VM, VM_STATE } from "./record.ts";

/** The guest asked to be reset or powered off. */
export function recordFinish(hart: Hart, vm: PhysicalAddress, resetType: number): void {
  hart.memory.store(field(vm, VM.cause), resetType);
  hart.memory.store(field(vm, VM.state), VM_STATE.finished);
}

/**
 * A vCPU did what nobody can go on from. Its registers are in its context. `epc` and `tval` are
 * the CSRs that the trap wrote.
 */
export function recordFailure(hart: Hart, vcpu: PhysicalAddress, cause: number, epc: number, tval: number): void {
  const { memory } = hart;
  const vm = machineOf(memory, vcpu);
  memory.store(field(vm, VM.failed), vcpu);
  memory.store(field(vm, VM.cause), cause);
  memory.store(field(vm, VM.pc), hart.csrLow(epc));
  memory.store(field(vm, VM.pc + 4), hart.csrHigh(epc));
  memory.store(field(vm, VM.value), hart.csrLow(tval));
  memory.store(field(vm, VM.value + 4), hart.csrHigh(tval));
  memory.store(field(vm, VM.state), VM_STATE.failed);
}
