// Credits charged by sampling, as in Xen's credit scheduler up to 4.1, whose weakness is published: it is here to be attacked.
// (Xen 4.1, xen/common/sched_credit.c; Zhou, Goel, Desnoyers and Sundaram, "Scheduler vulnerabilities and attacks in
// cloud computing", arXiv:1103.0759.)
//
// The rule:
//  1. Whoever runs at a tick is debited the whole tick, whatever it ran of it, and becomes active. Nobody else is debited.
//  2. Every third tick, the time of three is handed out to the active members by weight (budget over period). One with credits left
//     is UNDER, another OVER; one with more than three ticks' worth becomes inactive and starts again from none.
//  3. A member that wakes and is UNDER is BOOSTed until the tick that finds it running.
//  4. BOOST runs before UNDER, and UNDER before OVER; each class in order of waiting, in slices of three ticks.
// Xen's ticks are 10 ms. Here a tick is one period of the guests' shares: 10 ms unless a run makes its periods shorter, and with them
// whatever it looks at. Ticks are at multiples of it. Each hart accounts for its own queue, where Xen does for all at once.

import { cycles, type Cycles, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, NONE } from "../state/words.ts";
import { VCPU } from "../vcpu/record.ts";
import { CHARGED, current, firstMember, nextMember, QUEUE, runs } from "./queue.ts";
import type { Scheduler } from "./scheduler.ts";
import { ticksToCycles } from "./time.ts";

/** A vCPU's standing: its class, and whether it is active. */
const CLASS = { over: 0, under: 1, boost: 2 } as const;
const ACTIVE = 4;
/** Ticks from one accounting to the next, and in a slice. */
const TICKS_OF_ACCOUNTING = 3;

/** Who samples cannot tell who has taken what. */
export const CREDIT_WITHDRAWS = { credit: ["cpuShare"] } as const;

export class CreditScheduler implements Scheduler {
  readonly #tick: number;
  readonly #accounting: number;

  constructor(tick: Cycles) {
    this.#tick = tick;
    this.#accounting = TICKS_OF_ACCOUNTING * tick;
  }

  start(memory: CoreMemory, queue: PhysicalAddress, now: Cycles): void {
    memory.storeNumber(field(queue, QUEUE.nextTick), (Math.floor(now / this.#tick) + 1) * this.#tick);
    memory.storeNumber(field(queue, QUEUE.sliceEnd), Infinity);
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      memory.storeNumber(field(vcpu, VCPU.remaining), 0);
      memory.storeNumber(field(vcpu, VCPU.deadline), now);
      memory.store(field(vcpu, VCPU.standing), CLASS.under);
    }
  }

  wake(memory: CoreMemory, vcpu: PhysicalAddress, now: Cycles): void {
    const standing = memory.load(field(vcpu, VCPU.standing));
    if (classIn(standing) === CLASS.under) memory.store(field(vcpu, VCPU.standing), CLASS.boost | (standing & ACTIVE));
    memory.storeNumber(field(vcpu, VCPU.deadline), now);
  }

  hasTime(memory: CoreMemory, vcpu: PhysicalAddress): boolean {
    return classIn(memory.load(field(vcpu, VCPU.standing))) !== CLASS.over;
  }

  pick(memory: CoreMemory, queue: PhysicalAddress, now: Cycles, yielding: PhysicalAddress): PhysicalAddress {
    this.#sample(memory, queue, now);
    const last = current(memory, queue);
    // Goes to the end of its class when its slice is over or another is preferred.
    const goesOn = last !== yielding && now < memory.loadNumber(field(queue, QUEUE.sliceEnd));
    let next = NONE;
    let highest = -1;
    let since = Infinity;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (vcpu === yielding || !runs(memory, vcpu)) continue;
      const priority = classIn(memory.load(field(vcpu, VCPU.standing)));
      const waiting = vcpu !== last ? memory.loadNumber(field(vcpu, VCPU.deadline)) : goesOn ? -Infinity : now;
      if (priority < highest || (priority === highest && waiting >= since)) continue;
      next = vcpu;
      highest = priority;
      since = waiting;
    }
    if (next === NONE) next = yielding;
    if (next !== last || !goesOn) {
      if (last !== NONE) memory.storeNumber(field(last, VCPU.deadline), now);
      memory.storeNumber(field(queue, QUEUE.sliceEnd), next === NONE ? Infinity : now + this.#accounting);
    }
    memory.store(field(queue, QUEUE.charged), next !== NONE && !this.hasTime(memory, next) ? CHARGED.slack : CHARGED.ticks);
    const nextTick = memory.loadNumber(field(queue, QUEUE.nextTick));
    memory.storeNumber(field(queue, QUEUE.turnEnd), Math.min(nextTick, memory.loadNumber(field(queue, QUEUE.sliceEnd))));
    return next;
  }

  /** Rules 1 and 2, if a tick has come: the current member is still the one that ran at it. */
  #sample(memory: CoreMemory, queue: PhysicalAddress, now: Cycles): void {
    const tick = memory.loadNumber(field(queue, QUEUE.nextTick));
    if (now < tick) return;
    const nextTick = (Math.floor(now / this.#tick) + 1) * this.#tick;
    memory.storeNumber(field(queue, QUEUE.nextTick), nextTick);
    const vcpu = current(memory, queue);
    if (vcpu !== NONE) {
      memory.storeNumber(field(vcpu, VCPU.remaining), memory.loadNumber(field(vcpu, VCPU.remaining)) - (nextTick - tick));
      const priority = classIn(memory.load(field(vcpu, VCPU.standing)));
      memory.store(field(vcpu, VCPU.standing), ACTIVE | Math.min(priority, CLASS.under));
    }
    if (Math.floor(now / this.#accounting) > Math.floor((tick - this.#tick) / this.#accounting)) this.#account(memory, queue);
  }

  #account(memory: CoreMemory, queue: PhysicalAddress): void {
    let weights = 0;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (isActive(memory, vcpu)) weights += weightOf(memory, vcpu);
    }
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (!isActive(memory, vcpu)) continue;
      const credits = memory.loadNumber(field(vcpu, VCPU.remaining)) + (this.#accounting * weightOf(memory, vcpu)) / weights;
      const saved = credits > this.#accounting;
      memory.storeNumber(field(vcpu, VCPU.remaining), saved ? 0 : Math.max(credits, -this.#accounting));
      memory.store(field(vcpu, VCPU.standing), saved ? CLASS.under : ACTIVE | (credits < 0 ? CLASS.over : CLASS.under));
    }
  }
}

/** One period of the guest whose periods are shortest. */
export function sampledEvery(vms: readonly { readonly share: { readonly period: Parameters<typeof ticksToCycles>[0] } }[]): Cycles {
  return cycles(Math.min(...vms.map(({ share }) => ticksToCycles(share.period))));
}

function classIn(standing: number): number {
  return standing & ~ACTIVE;
}

function isActive(memory: CoreMemory, vcpu: PhysicalAddress): boolean {
  return (memory.load(field(vcpu, VCPU.standing)) & ACTIVE) !== 0;
}

function weightOf(memory: CoreMemory, vcpu: PhysicalAddress): number {
  return memory.loadNumber(field(vcpu, VCPU.budget)) / memory.loadNumber(field(vcpu, VCPU.period));
}
