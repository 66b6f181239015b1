// SBI's hart state management: the vCPUs of one virtual machine, started and stopped by it.

import type { PhysicalAddress } from "../machine/address.ts";
import { CONTEXT, type Hart } from "../machine/hart/hart.ts";
import { A1, A2, ERROR, STATUS, SUCCESS } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { physicalOf } from "../virtual-machine/memory.ts";
import { VM } from "../virtual-machine/record.ts";
import { contextOf, VCPU, vcpuOf, VCPU_STATE } from "./record.ts";

/** Bytes of the shortest instruction, on whose alignment code begins. */
const INSTRUCTION_BYTES = 2;
const OPAQUE = CONTEXT.x + 8 * A1;

/** vCPU `number` of a machine, or NONE. */
export function findVcpu(hart: Hart, vm: PhysicalAddress, number: number): PhysicalAddress {
  return number < hart.memory.load(field(vm, VM.vcpuCount)) ? vcpuOf(hart.memory, vm, number) : NONE;
}

/** One of STATUS, or an SBI error. Starting and stopping take no time that another vCPU could see. */
export function statusOf(hart: Hart, vcpu: PhysicalAddress): number {
  if (vcpu === NONE) return ERROR.invalidParameter;
  switch (hart.memory.load(field(vcpu, VCPU.state))) {
    case VCPU_STATE.stopped: return STATUS.stopped;
    case VCPU_STATE.blocked: return hart.memory.load(field(vcpu, VCPU.suspended)) !== 0 ? STATUS.suspended : STATUS.started;
    default: return STATUS.started;
  }
}

/** SUCCESS if the address that the caller passes in a1 is one where a vCPU of its machine can start, or an SBI error. */
export function checkStart(hart: Hart, vm: PhysicalAddress): number {
  const address = hart.xNumber(A1);
  const inside = address % INSTRUCTION_BYTES === 0 && physicalOf(hart.memory, vm, address, INSTRUCTION_BYTES) !== NONE;
  return inside ? SUCCESS : ERROR.invalidAddress;
}

/** Makes the context of a stopped vCPU the one that the caller asks for in a1 (where) and a2 (its a1). */
export function resetVcpu(hart: Hart, vcpu: PhysicalAddress): void {
  const { memory } = hart;
  const context = contextOf(vcpu);
  hart.resetContext(context, hart.xNumber(A1), memory.load(field(vcpu, VCPU.number)), 0);
  memory.store(field(context, OPAQUE), hart.xLow(A2));
  memory.store(field(context, OPAQUE + 4), hart.xHigh(A2));
  memory.store(field(vcpu, VCPU.pending), 0);
  memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
}
