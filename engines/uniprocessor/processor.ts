// Shares the hart out among the vCPUs: who runs, who waits for what, and the one timer that serves
// preemption and every vCPU's own timer.

import { cycles, ticks, type PhysicalAddress, type Ticks } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { INTERRUPT } from "../machine/hart/privileged.ts";
import { enterWorld, leaveWorld } from "../hypervisor-mode/world-switch.ts";
import type { VcpuProcessor } from "../sbi/local-services.ts";
import { beginAnew, restLater } from "../restart/turn.ts";
import type { Restarts } from "../restart/restarts.ts";
import { charge, current, firstMember, nextMember, QUEUE } from "../scheduler/queue.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import { firstTickAt } from "../scheduler/time.ts";
import { field, NONE } from "../state/words.ts";
import { machineOf, VCPU, VCPU_STATE } from "../vcpu/record.ts";

export class Processor implements VcpuProcessor {
  readonly #queue: PhysicalAddress;
  readonly #scheduler: Scheduler;
  readonly #restarts: Restarts | undefined;

  constructor(queue: PhysicalAddress, scheduler: Scheduler, restarts?: Restarts) {
    this.#queue = queue;
    this.#scheduler = scheduler;
    this.#restarts = restarts;
  }

  start(hart: Hart): void {
    this.#scheduler.start(hart.memory, this.#queue, hart.now());
    this.reschedule(hart, NONE);
  }

  current(hart: Hart): PhysicalAddress {
    return current(hart.memory, this.#queue);
  }

  raiseSoftware(hart: Hart, vcpu: PhysicalAddress): void {
    this.raise(hart, vcpu, INTERRUPT.VSSI);
  }

  makeReady(hart: Hart, vcpu: PhysicalAddress): void {
    const { memory } = hart;
    memory.store(field(vcpu, VCPU.state), VCPU_STATE.ready);
    this.#scheduler.wake(memory, vcpu, hart.now());
    memory.store(field(this.#queue, QUEUE.preempt), 1);
  }

  preempt(hart: Hart): void {
    const due = hart.memory.load(field(this.#queue, QUEUE.preempt)) !== 0;
    if (due || this.current(hart) === NONE) this.reschedule(hart, NONE);
  }

  /** The current vCPU executed WFI: it waits until an interrupt that it enables is pending. */
  waitForInterrupt(hart: Hart): void {
    hart.advance();
    this.#block(hart, 0);
  }

  suspend(hart: Hart): void {
    this.#block(hart, 1);
  }

  clearSoftware(hart: Hart): number {
    const raised = (hart.csrLow(CSR.hvip) & INTERRUPT.VSSI) !== 0;
    hart.clearCsrBits(CSR.hvip, INTERRUPT.VSSI);
    return raised ? 1 : 0;
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    const { memory } = hart;
    memory.storeNumber(field(this.current(hart), VCPU.timer), deadline);
    hart.clearCsrBits(CSR.hvip, INTERRUPT.VSTI);
    hart.setTimer(ticks(Math.min(deadline, memory.loadNumber(field(this.#queue, QUEUE.event)))));
  }

  /** The engine's timer interrupt. */
  timerInterrupt(hart: Hart): void {
    const { memory } = hart;
    const now = hart.time();
    const running = this.current(hart);
    const event = memory.loadNumber(field(this.#queue, QUEUE.event));
    if (running !== NONE && now < event) {
      if (this.#restarts?.isUnderWay(memory, running) === true) return this.#restore(hart, running, this.#restarts);
      this.#expire(hart, running, now);
      hart.setTimer(ticks(Math.min(event, memory.loadNumber(field(running, VCPU.timer)))));
      return;
    }
    for (let vcpu = firstMember(memory, this.#queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      this.#expire(hart, vcpu, now);
    }
    this.reschedule(hart, NONE);
  }

  reschedule(hart: Hart, yielding: PhysicalAddress): void {
    const { memory } = hart;
    const queue = this.#queue;
    const now = hart.now();
    memory.store(field(queue, QUEUE.preempt), 0);
    charge(memory, queue, now);
    const last = current(memory, queue);
    const next = this.#scheduler.pick(memory, queue, now, yielding);
    if (next !== last) this.#switch(hart, last, next);
    const event = this.#nextEvent(memory, next);
    memory.storeNumber(field(queue, QUEUE.event), event);
    if (next === NONE) {
      hart.setTimer(event);
      hart.idle();
    } else {
      if (this.#restarts?.isUnderWay(memory, next) === true) return this.#restore(hart, next, this.#restarts);
      hart.setTimer(ticks(Math.min(event, memory.loadNumber(field(next, VCPU.timer)))));
    }
  }

  /** The turn of a vCPU whose guest is being restored: a piece, and then whatever interrupt comes first, the timer's at the latest. */
  #restore(hart: Hart, vcpu: PhysicalAddress, restarts: Restarts): void {
    const { memory } = hart;
    const vm = machineOf(memory, vcpu);
    memory.store(field(vcpu, VCPU.state), VCPU_STATE.running);
    if (!restarts.restorePiece(memory, vm)) return restLater(hart);
    restarts.finish(hart, vm);
    enterWorld(hart, vcpu);
    beginAnew(hart, ticks(memory.loadNumber(field(this.#queue, QUEUE.event))));
  }

  #block(hart: Hart, suspended: number): void {
    if ((hart.csrLow(CSR.vsip) & hart.csrLow(CSR.vsie)) !== 0) return;
    const vcpu = this.current(hart);
    hart.memory.store(field(vcpu, VCPU.suspended), suspended);
    hart.memory.store(field(vcpu, VCPU.state), VCPU_STATE.blocked);
    this.reschedule(hart, NONE);
  }

  /** Raises interrupts (bits of hvip) at a vCPU. If that makes it ready, preempt() is due. */
  raise(hart: Hart, vcpu: PhysicalAddress, interrupts: number): void {
    const { memory } = hart;
    if (vcpu === this.current(hart)) {
      hart.setCsrBits(CSR.hvip, interrupts);
      return;
    }
    const pending = field(vcpu, VCPU.pending);
    memory.store(pending, memory.load(pending) | interrupts);
    if (memory.load(field(vcpu, VCPU.state)) === VCPU_STATE.blocked) this.makeReady(hart, vcpu);
  }

  #switch(hart: Hart, last: PhysicalAddress, next: PhysicalAddress): void {
    const { memory } = hart;
    if (last !== NONE) {
      leaveWorld(hart, last);
      const state = field(last, VCPU.state);
      if (memory.load(state) === VCPU_STATE.running) memory.store(state, VCPU_STATE.ready);
    }
    memory.store(field(this.#queue, QUEUE.current), next);
    if (next === NONE) return;
    enterWorld(hart, next);
    memory.store(field(next, VCPU.state), VCPU_STATE.running);
    this.#takePending(hart, next);
    const switches = field(this.#queue, QUEUE.worldSwitches);
    memory.storeNumber(switches, memory.loadNumber(switches) + 1);
  }

  #takePending(hart: Hart, vcpu: PhysicalAddress): void {
    const pending = field(vcpu, VCPU.pending);
    const interrupts = hart.memory.load(pending);
    if (interrupts === 0) return;
    hart.setCsrBits(CSR.hvip, interrupts);
    hart.memory.store(pending, 0);
  }

  /** The end of the turn, or before it the first timer of a vCPU that is not `running`. */
  #nextEvent(memory: CoreMemory, running: PhysicalAddress): Ticks {
    let event: number = firstTickAt(cycles(memory.loadNumber(field(this.#queue, QUEUE.turnEnd))));
    for (let vcpu = firstMember(memory, this.#queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (vcpu !== running) event = Math.min(event, memory.loadNumber(field(vcpu, VCPU.timer)));
    }
    return ticks(event);
  }

  #expire(hart: Hart, vcpu: PhysicalAddress, now: Ticks): void {
    const timer = field(vcpu, VCPU.timer);
    if (hart.memory.loadNumber(timer) > now) return;
    hart.memory.storeNumber(timer, Infinity);
    this.raise(hart, vcpu, INTERRUPT.VSTI);
  }
}
