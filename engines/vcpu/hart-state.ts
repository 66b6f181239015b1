// SBI's hart state management: the vCPUs of one virtual machine, started and stopped by it.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { A1, A2, ERROR, STARTED, STOPPED } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { VM } from "../virtual-machine/record.ts";
import { contextOf, VCPU, vcpuOf, VCPU_STATE } from "./record.ts";

/** vCPU `number` of a machine, or NONE. */
export function findVcpu(hart: Hart, vm: PhysicalAddress, number: number): PhysicalAddress {
  return number < hart.memory.load(field(vm, VM.vcpuCount)) ? vcpuOf(hart.memory, vm, number) : NONE;
}

/** STARTED, STOPPED, or an SBI error. */
export function statusOf(hart: Hart, vcpu: PhysicalAddress): number {
  if (vcpu === NONE) return ERROR.invalidParameter;
  return hart.memory.load(field(vcpu, VCPU.state)) === VCPU_STATE.stopped ? STOPPED : STARTED;
}

/** Makes the context of a stopped vCPU the one that the caller asks for in a1 (where) and a2 (its a1). */
export function resetVcpu(hart: Hart, vcpu: PhysicalAddress): void {
  const { memory } = hart;
  hart.resetContext(contextOf(vcpu), hart.xNumber(A1), memory.load(field(vcpu, VCPU.number)), hart.xNumber(A2));
  memory.store(field(vcpu, VCPU.pending), 0);
  memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
}

/** Whether SBI's hart mask names vCPU `number`: bit 0 of `mask` is `base`, and base -1 is all. */
export function isNamed(mask: number, base: number, number: number): boolean {
  if (base === -1) return true;
  const bit = number - base;
  return bit >= 0 && bit < 32 && ((mask >> bit) & 1) !== 0;
}
