// Run queues: every vCPU is in one, once, and on one hart at most.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { StateView } from "../report/state-view.ts";
import { CHARGED, QUEUE } from "../scheduler/queue.ts";
import { NONE } from "../state/words.ts";
import { VCPU, VCPU_BYTES, VCPU_STATE } from "../vcpu/record.ts";
import { type Broken, hex, isFixed, isTime, isWithin } from "./words.ts";

export interface RunQueue {
  readonly name: string;
  readonly queue: PhysicalAddress;
}

/** Its members in order; undefined where the list leads nowhere, or has more than `most`. */
function membersOf(view: StateView, queue: PhysicalAddress, most: number): readonly PhysicalAddress[] | undefined {
  const members: PhysicalAddress[] = [];
  for (let at = view.address(queue, QUEUE.first); at !== NONE; at = view.address(at, VCPU.next)) {
    if (members.length === most || !view.leads(at, VCPU_BYTES)) return undefined;
    members.push(at);
  }
  return members;
}

/** `vcpus`: those that these queues share out. */
export function* runQueueInvariants(view: StateView, queues: readonly RunQueue[], vcpus: readonly PhysicalAddress[]): Broken {
  const seen = new Map<PhysicalAddress, string>();
  for (const { name, queue } of queues) {
    const members = membersOf(view, queue, vcpus.length);
    if (members === undefined) {
      yield `${name}: its list does not end with a member`;
      continue;
    }
    for (const vcpu of members) {
      if (!vcpus.includes(vcpu)) yield `${name}: ${hex(vcpu)} is in it, where no vCPU is`;
      if (seen.has(vcpu)) yield `the vCPU at ${hex(vcpu)} is in ${seen.get(vcpu) ?? ""} and in ${name}`;
      seen.set(vcpu, name);
      yield* isFixed(`the queue of the vCPU at ${hex(vcpu)}, which is in ${name}`, view.address(vcpu, VCPU.queue), queue);
    }
    yield* turnInvariants(view, name, queue, members);
  }
  for (const vcpu of vcpus) {
    if (!seen.has(vcpu)) yield `the vCPU at ${hex(vcpu)} is in no run queue`;
  }
}

function* turnInvariants(view: StateView, name: string, queue: PhysicalAddress, members: readonly PhysicalAddress[]): Broken {
  const current = view.address(queue, QUEUE.current);
  if (current !== NONE && !members.includes(current)) yield `${name}: ${hex(current)} is on its hart and not in it`;
  for (const vcpu of members) {
    const running = view.word(vcpu, VCPU.state) === VCPU_STATE.running;
    if (running && vcpu !== current) yield `${name}: the vCPU at ${hex(vcpu)} is said to run, and is not on its hart`;
  }
  yield* isWithin(`${name}: whether somebody asks for another choice`, view.word(queue, QUEUE.preempt), 0, 1);
  yield* isWithin(`${name}: to what the turn is charged`, view.word(queue, QUEUE.charged), CHARGED.budget, CHARGED.ticks);
  for (const [what, field] of NUMBERS) yield* isTime(`${name}: ${what}`, view.number(queue, field));
}

const NUMBERS = [
  ["when the turn began", QUEUE.turnStart], ["when the turn ends", QUEUE.turnEnd], ["when something happens next", QUEUE.event],
  ["when the frame began", QUEUE.frameStart], ["how often it has switched", QUEUE.worldSwitches],
  ["when the next tick is", QUEUE.nextTick], ["when the slice ends", QUEUE.sliceEnd],
] as const;

/** Where nobody but its own hart changes a queue. */
export function* soleInvariants(view: StateView, { name, queue }: RunQueue): Broken {
  const current = view.address(queue, QUEUE.current);
  if (current !== NONE && view.word(current, VCPU.state) !== VCPU_STATE.running) yield `${name}: who is on its hart is not said to run`;
}

/** Where harts pull vCPUs from each other's queues by how many wait there. */
export function* sharedInvariants(view: StateView, { name, queue }: RunQueue, vcpus: readonly PhysicalAddress[]): Broken {
  const current = view.address(queue, QUEUE.current);
  const members = membersOf(view, queue, vcpus.length) ?? [];
  const waiting = members.filter((vcpu) => vcpu !== current && view.word(vcpu, VCPU.state) === VCPU_STATE.ready).length;
  const counted = view.word(queue, QUEUE.waiting);
  if (counted !== waiting) yield `${name}: ${counted} are said to wait, and ${waiting} do`;
}

export function currentOf(view: StateView, queue: PhysicalAddress): PhysicalAddress {
  return view.address(queue, QUEUE.current);
}

/** The machine that the vCPU on a queue's hart belongs to; NONE where there is none, or its pointer leads nowhere. */
export function runningMachine(view: StateView, queue: PhysicalAddress): PhysicalAddress {
  const current = currentOf(view, queue);
  return current !== NONE && view.leads(current, VCPU_BYTES) ? physical(view.address(current, VCPU.vm)) : NONE;
}
