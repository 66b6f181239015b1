// The vCPUs of one hart, in whatever state, and who of them runs.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, loadAddress, NONE } from "../state/words.ts";
import { VCPU, VCPU_STATE } from "../vcpu/record.ts";

export const QUEUE = {
  first: 0x00, // address of the first member
  current: 0x04, // address of the member that runs; NONE while the hart idles
  preempt: 0x08, // 1: a member has become ready since the last choice
  waiting: 0x0c, // members that are ready and not running; kept by engines that move vCPUs between queues
  charged: 0x40, // CHARGED: to what the current turn is charged
  turnStart: 0x48, // number: up to when the current member's time is charged, in cycles
  turnEnd: 0x50, // number: when to choose again, in cycles; Infinity is never
  event: 0x58, // number: turnEnd, or before it the first timer of a member that does not run, in ticks
  worldSwitches: 0x60, // number
  frameStart: 0x68, // number: a start of the major frame, in cycles (scheduler/table.ts)
  nextTick: 0x70, // number: when who runs is next charged for a tick, in cycles (scheduler/credit.ts)
  sliceEnd: 0x78, // number: when the current member goes behind its equals, in cycles (scheduler/credit.ts)
} as const;
/** To what a turn is charged, beside the time received. */
export const CHARGED = {
  budget: 0,
  /** To nothing: the vCPU has no time of its own left. */
  slack: 1,
  /** To credits, at ticks. */
  ticks: 2,
} as const;

/** Two lines: what other harts may look at, and what only its own does. */
export const QUEUE_BYTES = 0x80;

export function current(memory: CoreMemory, queue: PhysicalAddress): PhysicalAddress {
  return loadAddress(memory, field(queue, QUEUE.current));
}

export function firstMember(memory: CoreMemory, queue: PhysicalAddress): PhysicalAddress {
  return loadAddress(memory, field(queue, QUEUE.first));
}

export function nextMember(memory: CoreMemory, vcpu: PhysicalAddress): PhysicalAddress {
  return loadAddress(memory, field(vcpu, VCPU.next));
}

/** Appends a vCPU that is in no queue. */
export function append(memory: CoreMemory, queue: PhysicalAddress, vcpu: PhysicalAddress): void {
  let link = field(queue, QUEUE.first);
  for (let at = loadAddress(memory, link); at !== NONE; at = loadAddress(memory, link)) link = field(at, VCPU.next);
  memory.store(link, vcpu);
  memory.store(field(vcpu, VCPU.next), NONE);
  memory.store(field(vcpu, VCPU.queue), queue);
}

/** Takes a member out. Its `queue` field still names this queue. */
export function remove(memory: CoreMemory, queue: PhysicalAddress, vcpu: PhysicalAddress): void {
  let link = field(queue, QUEUE.first);
  while (loadAddress(memory, link) !== vcpu) link = field(loadAddress(memory, link), VCPU.next);
  memory.store(link, memory.load(field(vcpu, VCPU.next)));
}

export function runs(memory: CoreMemory, vcpu: PhysicalAddress): boolean {
  const state = memory.load(field(vcpu, VCPU.state));
  return state === VCPU_STATE.ready || state === VCPU_STATE.running;
}

/** Charges the current member, if there is one, for the time since this was last called. */
export function charge(memory: CoreMemory, queue: PhysicalAddress, now: number): void {
  const used = now - memory.loadNumber(field(queue, QUEUE.turnStart));
  memory.storeNumber(field(queue, QUEUE.turnStart), now);
  const vcpu = current(memory, queue);
  if (vcpu === NONE) return;
  memory.storeNumber(field(vcpu, VCPU.cpuTime), memory.loadNumber(field(vcpu, VCPU.cpuTime)) + used);
  memory.storeNumber(field(vcpu, VCPU.lastRun), now);
  if (memory.load(field(queue, QUEUE.charged)) !== CHARGED.budget) return;
  memory.storeNumber(field(vcpu, VCPU.remaining), memory.loadNumber(field(vcpu, VCPU.remaining)) - used);
}
