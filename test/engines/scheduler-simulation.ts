// One hart under a scheduler, in simulated time: vCPUs that never yield, yield, sleep, or evade ticks.

import { cycles, physical, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { BudgetScheduler } from "../../engines/scheduler/budget.ts";
import { append, charge, QUEUE, QUEUE_BYTES } from "../../engines/scheduler/queue.ts";
import { TableScheduler } from "../../engines/scheduler/table.ts";
import type { Scheduler } from "../../engines/scheduler/scheduler.ts";
import { field, NONE } from "../../engines/state/words.ts";
import { VCPU, VCPU_BYTES, VCPU_STATE } from "../../engines/vcpu/record.ts";

export const MILLISECOND = 1_000_000;
export const QUEUE_AT = physical(RAM_BASE);
export const TABLE_AT = physical(RAM_BASE + QUEUE_BYTES);
export const VCPUS_AT = physical(RAM_BASE + 0x1000);

/** What a vCPU does each time it has run for so long. */
export type Behaviour =
  | { readonly kind: "greedy" }
  | { readonly kind: "yields"; readonly after: number }
  | { readonly kind: "sleeps"; readonly after: number; readonly for: number }
  /** Runs until `margin` before each multiple of `tick`, and sleeps until `margin` after it. */
  | { readonly kind: "evades"; readonly tick: number; readonly margin: number };

export interface Member {
  readonly budget: number;
  readonly period: number;
  readonly behaviour: Behaviour;
}

/** One hart under a scheduler, in simulated time. */
export class Simulation {
  readonly memory = new CoreMemory(PhysicalMemory.create(0x1_0000, 0));
  readonly scheduler: Scheduler;
  readonly #members: readonly Member[];
  readonly #wakeAt: number[];
  /** For how long each has run since it last did what it does. */
  readonly #ran: number[];
  #now = 0;

  constructor(members: readonly Member[], makeScheduler: () => Scheduler = () => new BudgetScheduler()) {
    this.#members = members;
    this.#wakeAt = members.map(() => Infinity);
    this.#ran = members.map(() => 0);
    this.scheduler = makeScheduler();
    for (const [index, { budget, period }] of members.entries()) {
      const vcpu = this.vcpu(index);
      this.memory.storeNumber(field(vcpu, VCPU.budget), budget);
      this.memory.storeNumber(field(vcpu, VCPU.period), period);
      this.memory.store(field(vcpu, VCPU.state), VCPU_STATE.ready);
      append(this.memory, QUEUE_AT, vcpu);
    }
    if (this.scheduler instanceof TableScheduler && this.scheduler.build(this.memory, QUEUE_AT) >= 1) throw new Error("the frame is too short");
    this.scheduler.start(this.memory, QUEUE_AT, cycles(0));
  }

  vcpu(index: number): PhysicalAddress {
    return physical(VCPUS_AT + index * VCPU_BYTES);
  }

  cpuTime(index: number): number {
    return this.memory.loadNumber(field(this.vcpu(index), VCPU.cpuTime));
  }

  budget(index: number): number {
    return this.#members[index].budget;
  }

  /** Runs until `end`; calls `each` with every stretch that one vCPU had (or -1 for none). */
  run(end: number, each: (index: number, from: number, to: number) => void = () => {}): void {
    const { memory, scheduler } = this;
    let yielding = NONE;
    while (this.#now < end) {
      charge(memory, QUEUE_AT, this.#now);
      const next = scheduler.pick(memory, QUEUE_AT, cycles(this.#now), yielding);
      memory.store(field(QUEUE_AT, QUEUE.current), next);
      const index = next === NONE ? -1 : (next - VCPUS_AT) / VCPU_BYTES;
      const behaviour = index < 0 ? undefined : this.#members[index].behaviour;
      const own = behaviour === undefined ? Infinity : this.#ownEnd(behaviour, this.#ran[index]);
      // Timers are of whole cycles, and never early.
      const turnEnd = Math.max(this.#now + 1, Math.ceil(memory.loadNumber(field(QUEUE_AT, QUEUE.turnEnd))));
      const wake = Math.min(...this.#wakeAt);
      const until = Math.min(end, own, turnEnd, wake);
      if (until <= this.#now) throw new Error(`time stands still at ${this.#now}`);
      each(index, this.#now, until);
      if (index >= 0) this.#ran[index] = until === own ? 0 : this.#ran[index] + until - this.#now;
      this.#now = until;
      charge(memory, QUEUE_AT, until);
      yielding = NONE;
      if (until === own && behaviour?.kind === "yields") yielding = next;
      if (until === own && behaviour?.kind === "sleeps") {
        memory.store(field(next, VCPU.state), VCPU_STATE.blocked);
        this.#wakeAt[index] = until + behaviour.for;
      }
      if (until === own && behaviour?.kind === "evades") {
        memory.store(field(next, VCPU.state), VCPU_STATE.blocked);
        this.#wakeAt[index] = until + 2 * behaviour.margin;
      }
      for (const [sleeper, at] of this.#wakeAt.entries()) {
        if (at > until) continue;
        this.#wakeAt[sleeper] = Infinity;
        memory.store(field(this.vcpu(sleeper), VCPU.state), VCPU_STATE.ready);
        scheduler.wake(memory, this.vcpu(sleeper), cycles(until));
      }
    }
  }
  /** When a vCPU that has run for so long does what it does. */
  #ownEnd(behaviour: Behaviour, ran: number): number {
    if (behaviour.kind === "greedy") return Infinity;
    if (behaviour.kind !== "evades") return this.#now + behaviour.after - ran;
    const { tick, margin } = behaviour;
    return (Math.floor((this.#now + margin) / tick) + 1) * tick - margin;
  }
}
