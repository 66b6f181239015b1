// The interrupt controller that a guest sees: a PLIC (RISC-V Platform-Level Interrupt Controller
// Specification 1.0.0) with level-triggered sources and, of every vCPU, the S-mode context.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { PLIC_SOURCES } from "../machine/layout.ts";
import { field } from "../state/words.ts";

/** vCPUs of a guest that has devices. */
export const PLIC_VCPUS = 32;

export const PLIC = {
  priorities: 0x00, // a word for each source
  lines: 0x80, // bitmap by source (there is no source 0): what the devices drive
  pending: 0x84, // bitmap
  serviced: 0x88, // bitmap: claimed and not completed; the gateway forwards nothing
  enables: 0x100, // a bitmap for each vCPU
  thresholds: 0x180, // a word for each vCPU
} as const;
export const PLIC_STATE_BYTES = 0x200;

/** Chapter "Memory Map". */
const REGISTER = {
  pending: 0x1000, enables: 0x2000, enableStride: 0x80, contexts: 0x20_0000, contextStride: 0x1000, threshold: 0, claim: 4,
} as const;
/** Priorities and thresholds have 3 bits. */
export const HIGHEST_PRIORITY = 7;
const NO_VCPU = -1;

/** What a device drives on the line of a source. A rising line is forwarded unless the source is being serviced. Answers
 *  whether it has moved. */
export function setLine(memory: CoreMemory, plic: PhysicalAddress, source: number, high: boolean): boolean {
  const bit = 1 << source;
  const lines = memory.load(field(plic, PLIC.lines));
  if (((lines & bit) !== 0) === high) return false;
  memory.store(field(plic, PLIC.lines), lines ^ bit);
  if (high) forward(memory, plic, bit);
  return true;
}

/** A request without a line: of a device that interrupts once and then waits for completion. */
export function request(memory: CoreMemory, plic: PhysicalAddress, source: number): void {
  forward(memory, plic, 1 << source);
}

/** Whether the external interrupt of a vCPU is raised. */
export function isDue(memory: CoreMemory, plic: PhysicalAddress, vcpu: number): boolean {
  const ready = memory.load(field(plic, PLIC.pending)) & memory.load(field(plic, PLIC.enables + 4 * vcpu));
  return ready !== 0 && priorityOf(memory, plic, best(memory, plic, ready)) > memory.load(field(plic, PLIC.thresholds + 4 * vcpu));
}

/** Reads the 32-bit register at `offset`; reading the claim register claims. What is not there reads as zero. */
export function loadPlic(memory: CoreMemory, plic: PhysicalAddress, vcpus: number, offset: number): number {
  if (offset >= REGISTER.contexts) {
    const vcpu = vcpuOfContext(Math.floor((offset - REGISTER.contexts) / REGISTER.contextStride), vcpus);
    if (vcpu === NO_VCPU) return 0;
    switch (offset % REGISTER.contextStride) {
      case REGISTER.threshold: return memory.load(field(plic, PLIC.thresholds + 4 * vcpu));
      case REGISTER.claim: return claim(memory, plic, vcpu);
      default: return 0;
    }
  }
  if (offset >= REGISTER.enables) {
    const vcpu = enabledVcpu(offset, vcpus);
    return vcpu === NO_VCPU ? 0 : memory.load(field(plic, PLIC.enables + 4 * vcpu));
  }
  if (offset === REGISTER.pending) return memory.load(field(plic, PLIC.pending));
  return offset <= 4 * PLIC_SOURCES ? memory.load(field(plic, PLIC.priorities + offset)) : 0;
}

/** Writes the 32-bit register at `offset`. Answers the source that this completed, or 0. */
export function storePlic(memory: CoreMemory, plic: PhysicalAddress, vcpus: number, offset: number, value: number): number {
  if (offset >= REGISTER.contexts) {
    const vcpu = vcpuOfContext(Math.floor((offset - REGISTER.contexts) / REGISTER.contextStride), vcpus);
    if (vcpu === NO_VCPU) return 0;
    const register = offset % REGISTER.contextStride;
    if (register === REGISTER.threshold) memory.store(field(plic, PLIC.thresholds + 4 * vcpu), value & HIGHEST_PRIORITY);
    return register === REGISTER.claim ? complete(memory, plic, vcpu, value) : 0;
  }
  if (offset >= REGISTER.enables) {
    const vcpu = enabledVcpu(offset, vcpus);
    if (vcpu !== NO_VCPU) memory.store(field(plic, PLIC.enables + 4 * vcpu), value & ~1);
  } else if (offset > 0 && offset <= 4 * PLIC_SOURCES) {
    memory.store(field(plic, PLIC.priorities + offset), value & HIGHEST_PRIORITY);
  }
  return 0;
}

function forward(memory: CoreMemory, plic: PhysicalAddress, bit: number): void {
  if ((memory.load(field(plic, PLIC.serviced)) & bit) !== 0) return;
  memory.store(field(plic, PLIC.pending), memory.load(field(plic, PLIC.pending)) | bit);
}

/** "Interrupt Claim Process": the threshold does not matter. */
function claim(memory: CoreMemory, plic: PhysicalAddress, vcpu: number): number {
  const pending = memory.load(field(plic, PLIC.pending));
  const ready = pending & memory.load(field(plic, PLIC.enables + 4 * vcpu));
  if (ready === 0) return 0;
  const source = best(memory, plic, ready);
  if (priorityOf(memory, plic, source) === 0) return 0;
  memory.store(field(plic, PLIC.pending), pending & ~(1 << source));
  memory.store(field(plic, PLIC.serviced), memory.load(field(plic, PLIC.serviced)) | (1 << source));
  return source;
}

/** "Interrupt Completion": ignored for a source that is not enabled for the context. */
function complete(memory: CoreMemory, plic: PhysicalAddress, vcpu: number, source: number): number {
  if (source <= 0 || source > PLIC_SOURCES) return 0;
  const bit = 1 << source;
  const serviced = memory.load(field(plic, PLIC.serviced));
  if ((serviced & memory.load(field(plic, PLIC.enables + 4 * vcpu)) & bit) === 0) return 0;
  memory.store(field(plic, PLIC.serviced), serviced & ~bit);
  if ((memory.load(field(plic, PLIC.lines)) & bit) !== 0) forward(memory, plic, bit);
  return source;
}

/** Of the sources in `ready`, the one of the highest priority; of several, the lowest. */
function best(memory: CoreMemory, plic: PhysicalAddress, ready: number): number {
  let chosen = 0;
  let highest = -1;
  for (let bits = ready; bits !== 0; bits &= bits - 1) {
    const source = 31 - Math.clz32(bits & -bits);
    const priority = priorityOf(memory, plic, source);
    if (priority > highest) {
      chosen = source;
      highest = priority;
    }
  }
  return chosen;
}

function priorityOf(memory: CoreMemory, plic: PhysicalAddress, source: number): number {
  return memory.load(field(plic, PLIC.priorities + 4 * source));
}

/** The first word of a context's enables: there are no sources beyond. */
function enabledVcpu(offset: number, vcpus: number): number {
  const within = offset - REGISTER.enables;
  return within % REGISTER.enableStride === 0 ? vcpuOfContext(within / REGISTER.enableStride, vcpus) : NO_VCPU;
}

/** Contexts 2h and 2h + 1 are M-mode's and S-mode's of hart h: no guest has the first. */
function vcpuOfContext(context: number, vcpus: number): number {
  return (context & 1) !== 0 && context >>> 1 < vcpus ? context >>> 1 : NO_VCPU;
}
