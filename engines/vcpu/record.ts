// One virtual CPU in engine state: what the scheduler knows of it, and its saved context.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { CONTEXT_BYTES } from "../machine/hart/context.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { loadAddress } from "../state/words.ts";
import { VM } from "../virtual-machine/record.ts";

export const VCPU = {
  state: 0x00, // VCPU_STATE
  vm: 0x04, // address of its virtual machine
  number: 0x08, // its hart id in the virtual machine
  next: 0x0c, // address of the next member of the queue, 0 at the end
  queue: 0x10, // address of the queue it is a member of
  pending: 0x14, // interrupts raised while it was not on a hart: bits of hvip or mip
  standing: 0x18, // with its scheduler: scheduler/budget.ts, scheduler/credit.ts
  fences: 0x1c, // FENCE bits due before it executes again (vcpu/fences.ts)
  budget: 0x20, // number: cycles due in every period
  period: 0x28, // number: cycles
  remaining: 0x30, // number: cycles of budget left; below 0 when it ran over. Credits under scheduler/credit.ts
  deadline: 0x38, // number: when the period ends, in cycles. Since when it waits under scheduler/credit.ts
  lastRun: 0x40, // number: when it last stopped running, in cycles
  cpuTime: 0x48, // number: cycles charged
  timer: 0x50, // number: when its timer interrupt is due, in ticks; Infinity is never
  fenceRequests: 0x58, // how often others asked for `fences`, modulo 2^32
  fencesServed: 0x5c, // up to which request they have been done
  lastHart: 0x60, // the hart that it was on last
  suspended: 0x64, // 1: what it waits for while blocked is the end of an SBI suspend
  context: 0x80,
} as const;

const LINE = 64;
export const VCPU_BYTES = Math.ceil((VCPU.context + CONTEXT_BYTES) / LINE) * LINE;

export const VCPU_STATE = {
  /** Not started, or stopped for good. */
  stopped: 0,
  /** Waits for an interrupt. */
  blocked: 1,
  ready: 2,
  /** On a hart. */
  running: 3,
  /** Another vCPU starts it: only where that takes no lock. */
  starting: 4,
} as const;

export function contextOf(vcpu: PhysicalAddress): PhysicalAddress {
  return physical(vcpu + VCPU.context);
}

export function machineOf(memory: CoreMemory, vcpu: PhysicalAddress): PhysicalAddress {
  return loadAddress(memory, physical(vcpu + VCPU.vm));
}

/** vCPU `number` of a virtual machine. The caller has checked the number. */
export function vcpuOf(memory: CoreMemory, vm: PhysicalAddress, number: number): PhysicalAddress {
  return physical(loadAddress(memory, physical(vm + VM.vcpus)) + number * VCPU_BYTES);
}
