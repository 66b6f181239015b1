// A fair share of a hart for every thread, by weight: the rule of Linux's CFS (Documentation/scheduler/
// sched-design-CFS), with its default times for one processor and the slice of its successor.
//  1. Running is charged by exact timestamps, divided by the thread's weight: its virtual runtime.
//  2. Of the threads that can run, the one with the least runs, for a slice.
//  3. Who has slept comes back no further behind the queue than half of the latency, so that sleeping earns a quick
//     start and no more; it takes the hart at once only from one that is ahead of it by the wake-up granularity.
//  4. Who comes from another hart's queue is as far from this queue's least as it was from the other's.
// The weight of a vCPU is its share, budget over period: nothing is promised within a period, and who else runs on
// the host takes a part of what there is.

import type { Cycles, PhysicalAddress } from "../../machine/address.ts";
import type { CoreMemory } from "../../machine/hart/core-memory.ts";
import { current, firstMember, nextMember, QUEUE, runs } from "../../scheduler/queue.ts";
import type { Scheduler } from "../../scheduler/scheduler.ts";
import { field, loadAddress, NONE } from "../../state/words.ts";
import { VCPU } from "../../vcpu/record.ts";
import { type HostedLayout, THREAD } from "../layout.ts";

/** kernel/sched/fair.c: sysctl_sched_base_slice (6.6); sysctl_sched_latency and _wakeup_granularity (until 6.5). */
const SLICE = 750_000;
const LATENCY = 6_000_000;
const WAKE_UP_GRANULARITY = 1_000_000;
const SLEEPERS_CREDIT = LATENCY / 2;

/** number, a field of other schedulers: virtual runtime. Queues look for who is most urgent by it. */
const VIRTUAL = VCPU.deadline;
/** number, another: cycles used since they were last made virtual, negative (charge()). */
const USED = VCPU.remaining;
/** number: the least virtual runtime that a queue has come to. */
const LEAST = QUEUE.frameStart;

export class FairScheduler implements Scheduler {
  readonly #layout: HostedLayout;

  constructor(layout: HostedLayout) {
    this.#layout = layout;
  }

  start(): void {
    // Threads and queues begin at 0.
  }

  wake(memory: CoreMemory, thread: PhysicalAddress, now: Cycles): void {
    const queue = loadAddress(memory, field(thread, VCPU.queue));
    this.#advanceTo(memory, queue, thread, now);
    const virtual = this.#virtualIn(memory, queue, thread);
    const earliest = memory.loadNumber(field(queue, LEAST)) - SLEEPERS_CREDIT;
    if (virtual < earliest) memory.storeNumber(field(thread, VIRTUAL), earliest);
  }

  hasTime(): boolean {
    return true;
  }

  pick(memory: CoreMemory, queue: PhysicalAddress, now: Cycles, yielding: PhysicalAddress): PhysicalAddress {
    const running = current(memory, queue);
    let chosen = NONE;
    let least = Infinity;
    let runningVirtual = Infinity;
    let count = 0;
    for (let thread = firstMember(memory, queue); thread !== NONE; thread = nextMember(memory, thread)) {
      if (thread === running) account(memory, thread);
      if (!runs(memory, thread)) continue;
      count++;
      if (thread === yielding) continue;
      const virtual = this.#virtualIn(memory, queue, thread);
      if (thread === running) runningVirtual = virtual;
      if (virtual >= least) continue;
      chosen = thread;
      least = virtual;
    }
    if (chosen === NONE) chosen = yielding;
    else advance(memory, queue, least);
    const turnEnd = memory.loadNumber(field(queue, QUEUE.turnEnd));
    const sliceEnd = count > 1 ? now + SLICE : Infinity;
    const stays = chosen !== running && runningVirtual - least < WAKE_UP_GRANULARITY && now < turnEnd;
    memory.storeNumber(field(queue, QUEUE.turnEnd), stays ? Math.min(turnEnd, sliceEnd) : sliceEnd);
    const next = stays ? running : chosen;
    if (next !== NONE) memory.storeNumber(field(this.#layout.thread(next), THREAD.since), now);
    return next;
  }

  /** Brings a queue's least virtual runtime up to date: of who can run but for `woken`, who runs having run until now. */
  #advanceTo(memory: CoreMemory, queue: PhysicalAddress, woken: PhysicalAddress, now: Cycles): void {
    const running = current(memory, queue);
    let least = Infinity;
    for (let thread = firstMember(memory, queue); thread !== NONE; thread = nextMember(memory, thread)) {
      if (thread === woken || !runs(memory, thread)) continue;
      let virtual = this.#virtualIn(memory, queue, thread);
      if (thread === running) virtual += (now - memory.loadNumber(field(this.#layout.thread(thread), THREAD.since))) / weightOf(memory, thread);
      least = Math.min(least, virtual);
    }
    if (least !== Infinity) advance(memory, queue, least);
  }

  /** Its virtual runtime, as this queue measures it. */
  #virtualIn(memory: CoreMemory, queue: PhysicalAddress, thread: PhysicalAddress): number {
    const virtual = memory.loadNumber(field(thread, VIRTUAL));
    const link = field(this.#layout.thread(thread), THREAD.measuredIn);
    const measuredIn = loadAddress(memory, link);
    if (measuredIn === queue) return virtual;
    const before = measuredIn === NONE ? 0 : memory.loadNumber(field(measuredIn, LEAST));
    const moved = Math.max(0, virtual - before + memory.loadNumber(field(queue, LEAST)));
    memory.storeNumber(field(thread, VIRTUAL), moved);
    memory.store(link, queue);
    return moved;
  }
}

/** Makes what a thread has used since the last time virtual. */
function account(memory: CoreMemory, thread: PhysicalAddress): void {
  const used = -memory.loadNumber(field(thread, USED));
  if (used === 0) return;
  memory.storeNumber(field(thread, USED), 0);
  const virtual = field(thread, VIRTUAL);
  memory.storeNumber(virtual, memory.loadNumber(virtual) + used / weightOf(memory, thread));
}

function weightOf(memory: CoreMemory, thread: PhysicalAddress): number {
  return memory.loadNumber(field(thread, VCPU.budget)) / memory.loadNumber(field(thread, VCPU.period));
}

/** A queue's least never goes back. */
function advance(memory: CoreMemory, queue: PhysicalAddress, virtual: number): void {
  if (virtual > memory.loadNumber(field(queue, LEAST))) memory.storeNumber(field(queue, LEAST), virtual);
}
