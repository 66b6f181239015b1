// Shares all harts out among all vCPUs. Every vCPU is a member of one run queue, whose lock protects its
// scheduling state; a hart runs members of its own queue, and when it has none to run, or only slack to
// give, it pulls one from another's. Which queue a vCPU is in changes under the lock of the one it leaves.

import { cycles, hartId, ticks, type Cycles, type PhysicalAddress, type Ticks } from "../machine/address.ts";
import { ticksToCycles } from "../machine/clock.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { INTERRUPT } from "../machine/hart/privileged.ts";
import { enterWorld, leaveWorld } from "../hypervisor-mode/world-switch.ts";
import { append, CHARGED, charge, current, firstMember, nextMember, QUEUE, remove, runs } from "../scheduler/queue.ts";
import { beginAnew, restLater } from "../restart/turn.ts";
import type { Restarts } from "../restart/restarts.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import { firstTickAt } from "../scheduler/time.ts";
import { field, NONE, toAddress } from "../state/words.ts";
import { machineOf, VCPU, VCPU_STATE } from "../vcpu/record.ts";
import { fenceGoal, fenceHere, lacksFences, requestFences, serveFences } from "../vcpu/fences.ts";
import { resetVcpu } from "../vcpu/hart-state.ts";
import { VM, VM_STATE } from "../virtual-machine/record.ts";
import type { Exclusion } from "../locks/exclusion.ts";
import { isElsewhere } from "./elsewhere.ts";
import type { IdleHarts } from "./idle-harts.ts";
import { hartOf, queueLock, queueOf } from "./layout.ts";

export class Processors {
  readonly #harts: number;
  readonly #scheduler: Scheduler;
  readonly #exclusion: Exclusion;
  readonly #idle: IdleHarts;
  readonly #enterWorld: (hart: Hart, vcpu: PhysicalAddress) => void;

  readonly #restarts: Restarts | undefined;

  /** `enter`: puts a vCPU on a hart. */
  constructor(harts: number, scheduler: Scheduler, exclusion: Exclusion, idle: IdleHarts, enter = enterWorld, restarts?: Restarts) {
    this.#harts = harts;
    this.#restarts = restarts;
    this.#scheduler = scheduler;
    this.#exclusion = exclusion;
    this.#idle = idle;
    this.#enterWorld = enter;
  }

  start(hart: Hart): void {
    this.#exclusion.acquire(hart, queueLock(hart.id));
    this.#scheduler.start(hart.memory, queueOf(hart.id), hart.now());
    this.#exclusion.release(hart, queueLock(hart.id));
    this.reschedule(hart, NONE);
  }

  /** The vCPU on this hart. */
  current(hart: Hart): PhysicalAddress {
    return current(hart.memory, queueOf(hart.id));
  }

  /** Raises interrupts (bits of hvip) at a vCPU, wherever it is. preempt() is due. */
  raise(hart: Hart, vcpu: PhysicalAddress, interrupts: number): void {
    if (vcpu === this.current(hart)) {
      hart.setCsrBits(CSR.hvip, interrupts);
      return;
    }
    // Before looking at its state: a vCPU about to block looks at `pending` under the same lock.
    hart.memory.or(field(vcpu, VCPU.pending), interrupts);
    const home = this.#lockQueueOf(hart, vcpu);
    const state = hart.memory.load(field(vcpu, VCPU.state));
    if (state === VCPU_STATE.blocked) this.#makeReady(hart, vcpu, home);
    this.#exclusion.release(hart, queueLock(home));
    if (state === VCPU_STATE.blocked) this.#announce(hart, home);
    else if (state === VCPU_STATE.running) hart.sendIpi(hartId(home));
  }

  /** Starts a stopped vCPU as the caller's registers say; answers false if it is not stopped. */
  startVcpu(hart: Hart, vcpu: PhysicalAddress): boolean {
    const { memory } = hart;
    const home = this.#lockQueueOf(hart, vcpu);
    const stopped = memory.load(field(vcpu, VCPU.state)) === VCPU_STATE.stopped
      // Whoever ends the machine says so before it stops the vCPUs one by one.
      && memory.atomicLoad(field(machineOf(memory, vcpu), VM.state)) === VM_STATE.running;
    if (stopped) {
      resetVcpu(hart, vcpu);
      this.#makeReady(hart, vcpu, home);
    }
    this.#exclusion.release(hart, queueLock(home));
    if (stopped) this.#announce(hart, home);
    return stopped;
  }

  /** Stops a vCPU, wherever it is; if that is another hart, soon after this returns. */
  stopVcpu(hart: Hart, vcpu: PhysicalAddress): void {
    const { memory } = hart;
    const home = this.#lockQueueOf(hart, vcpu);
    const state = field(vcpu, VCPU.state);
    const running = memory.load(state) === VCPU_STATE.running;
    if (memory.load(state) === VCPU_STATE.ready) addWaiting(memory, home, -1);
    memory.store(state, VCPU_STATE.stopped);
    memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
    this.#exclusion.release(hart, queueLock(home));
    if (running && home !== hart.id) this.#requestChoice(hart, home);
  }

  /** Chooses again who runs here, if someone has asked for that. */
  preempt(hart: Hart): void {
    if (hart.memory.atomicLoad(field(queueOf(hart.id), QUEUE.preempt)) !== 0) this.reschedule(hart, NONE);
  }

  /** The current vCPU executed WFI: it waits until an interrupt that it enables is pending. */
  waitForInterrupt(hart: Hart): void {
    hart.advance();
    this.#block(hart, 0);
  }

  suspend(hart: Hart): void {
    this.#block(hart, 1);
  }

  #block(hart: Hart, suspended: number): void {
    if ((hart.csrLow(CSR.vsip) & hart.csrLow(CSR.vsie)) !== 0) return;
    hart.memory.store(field(this.current(hart), VCPU.suspended), suspended);
    this.#choose(hart, NONE, VCPU_STATE.blocked);
  }

  clearSoftware(hart: Hart): number {
    const raised = (hart.csrLow(CSR.hvip) & INTERRUPT.VSSI) !== 0;
    hart.clearCsrBits(CSR.hvip, INTERRUPT.VSSI);
    return raised ? 1 : 0;
  }

  /** Makes fences due at a vCPU, wherever it is, and sees to it that the hart it runs on looks. */
  requestFences(hart: Hart, vcpu: PhysicalAddress, fences: number): void {
    if (vcpu === this.current(hart)) return fenceHere(hart, fences);
    requestFences(hart, vcpu, fences);
    const home = this.#lockQueueOf(hart, vcpu);
    const running = hart.memory.load(field(vcpu, VCPU.state)) === VCPU_STATE.running;
    this.#exclusion.release(hart, queueLock(home));
    if (running) hart.sendIpi(hartId(home));
  }

  /** Returns when a vCPU has done the fences requested of it until now, or will before it executes. No lock is held. */
  awaitFences(hart: Hart, vcpu: PhysicalAddress): void {
    const goal = fenceGoal(hart, vcpu);
    while (lacksFences(hart, vcpu, goal)) {
      // Who runs there may be waiting for the vCPU here.
      serveFences(hart, this.current(hart));
      hart.relax();
    }
  }

  /** The current vCPU stops: whoever finds it stopped may start it again. */
  stopCurrent(hart: Hart): void {
    this.#choose(hart, NONE, VCPU_STATE.stopped);
  }

  /** The current vCPU's timer is nobody else's business: no lock. */
  setTimer(hart: Hart, deadline: Ticks): void {
    const { memory } = hart;
    memory.storeNumber(field(this.current(hart), VCPU.timer), deadline);
    hart.clearCsrBits(CSR.hvip, INTERRUPT.VSTI);
    hart.setTimer(ticks(Math.min(deadline, memory.loadNumber(field(queueOf(hart.id), QUEUE.event)))));
  }

  timerInterrupt(hart: Hart): void {
    const { memory } = hart;
    const now = hart.time();
    const running = this.current(hart);
    const event = memory.loadNumber(field(queueOf(hart.id), QUEUE.event));
    if (running === NONE || now >= event) return this.reschedule(hart, NONE);
    if (this.#restarts?.isUnderWay(memory, running) === true) return this.#restore(hart, running, this.#restarts);
    const timer = field(running, VCPU.timer);
    if (memory.loadNumber(timer) <= now) {
      memory.storeNumber(timer, Infinity);
      hart.setCsrBits(CSR.hvip, INTERRUPT.VSTI);
    }
    hart.setTimer(ticks(Math.min(event, memory.loadNumber(timer))));
  }

  /** Another hart raised an interrupt at the vCPU here, or wants this hart to choose again. */
  softwareInterrupt(hart: Hart): void {
    hart.clearIpi();
    const running = this.current(hart);
    if (running === NONE) return this.reschedule(hart, NONE);
    this.#takePending(hart, running);
    serveFences(hart, running);
    this.preempt(hart);
  }

  /** Chooses again; `yielding` is NONE or the current vCPU, which then runs only if nobody else can. */
  reschedule(hart: Hart, yielding: PhysicalAddress): void {
    this.#choose(hart, yielding, VCPU_STATE.running);
  }

  /** `becomes`: the state of the current vCPU from now on; `running` is any in which it can run. */
  #choose(hart: Hart, yielding: PhysicalAddress, becomes: number): void {
    const { memory } = hart;
    const queue = queueOf(hart.id);
    if (current(memory, queue) === NONE) this.#idle.remove(hart);
    let next = this.#turn(hart, yielding, becomes);
    while (next === NONE) {
      this.#idle.add(hart);
      if (!this.#pull(hart, false)) return hart.idle();
      this.#idle.remove(hart);
      next = this.#turn(hart, NONE, VCPU_STATE.running);
    }
    if (memory.load(field(queue, QUEUE.charged)) === CHARGED.slack && this.#pull(hart, true)) this.#turn(hart, NONE, VCPU_STATE.running);
    if (memory.atomicLoad(field(queue, QUEUE.waiting)) > 0) this.#idle.wakeOne(hart);
    if (this.#restarts?.isUnderWay(memory, current(memory, queue)) === true) this.#restore(hart, current(memory, queue), this.#restarts);
  }

  /** The turn of a vCPU whose guest is being restored: a piece, and then whatever interrupt comes first, the timer's at the latest. */
  #restore(hart: Hart, vcpu: PhysicalAddress, restarts: Restarts): void {
    const vm = machineOf(hart.memory, vcpu);
    if (isElsewhere(hart, vm, this.#harts, this.#exclusion) || !restarts.restorePiece(hart.memory, vm)) return restLater(hart);
    restarts.finish(hart, vm);
    this.#enterWorld(hart, vcpu);
    beginAnew(hart, ticks(hart.memory.loadNumber(field(queueOf(hart.id), QUEUE.event))));
  }

  /** Makes a vCPU ready that has been stopped, and whose guest is to be restored. */
  readyAgain(hart: Hart, vcpu: PhysicalAddress): void {
    const home = this.#lockQueueOf(hart, vcpu);
    this.#makeReady(hart, vcpu, home);
    this.#exclusion.release(hart, queueLock(home));
    this.#announce(hart, home);
  }

  /** Begins a turn of whom the scheduler picks of this hart's queue. */
  #turn(hart: Hart, yielding: PhysicalAddress, becomes: number): PhysicalAddress {
    const { memory } = hart;
    const queue = queueOf(hart.id);
    this.#exclusion.acquire(hart, queueLock(hart.id));
    memory.atomicStore(field(queue, QUEUE.preempt), 0);
    const now = hart.now();
    const last = current(memory, queue);
    if (becomes !== VCPU_STATE.running) leaveRunning(memory, last, becomes);
    charge(memory, queue, now);
    this.#expireTimers(hart, now);
    // Who yields may have been stopped by another hart just before.
    const yields = yielding !== NONE && runs(memory, yielding);
    const next = this.#scheduler.pick(memory, queue, now, yields ? yielding : NONE);
    if (last !== NONE && next !== last) {
      // Before the lock is released: from then on another hart may pull it.
      leaveWorld(hart, last);
      const state = field(last, VCPU.state);
      if (memory.load(state) === VCPU_STATE.running) memory.store(state, VCPU_STATE.ready);
    }
    memory.store(field(queue, QUEUE.current), next);
    if (next !== NONE) memory.store(field(next, VCPU.state), VCPU_STATE.running);
    const event = this.#survey(memory, queue, next);
    this.#exclusion.release(hart, queueLock(hart.id));
    if (next === NONE) {
      hart.setTimer(event);
      return NONE;
    }
    if (next !== last) this.#enter(hart, next);
    this.#takePending(hart, next);
    serveFences(hart, next);
    hart.setTimer(ticks(Math.min(event, memory.loadNumber(field(next, VCPU.timer)))));
    return next;
  }

  #enter(hart: Hart, vcpu: PhysicalAddress): void {
    this.#enterWorld(hart, vcpu);
    const lastHart = field(vcpu, VCPU.lastHart);
    if (hart.memory.load(lastHart) !== hart.id) {
      hart.memory.store(lastHart, hart.id);
      // What it fenced there, it expects to be fenced here; loading its context has done that for addresses.
      hart.refreshInstructions();
    }
    const switches = field(queueOf(hart.id), QUEUE.worldSwitches);
    hart.memory.storeNumber(switches, hart.memory.loadNumber(switches) + 1);
  }

  #takePending(hart: Hart, vcpu: PhysicalAddress): void {
    const pending = hart.memory.exchange(field(vcpu, VCPU.pending), 0);
    if (pending !== 0) hart.setCsrBits(CSR.hvip, pending);
  }

  #expireTimers(hart: Hart, now: Cycles): void {
    const { memory } = hart;
    const queue = queueOf(hart.id);
    const running = current(memory, queue);
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      const timer = field(vcpu, VCPU.timer);
      if (ticksToCycles(ticks(memory.loadNumber(timer))) > now) continue;
      memory.storeNumber(timer, Infinity);
      if (vcpu === running) hart.setCsrBits(CSR.hvip, INTERRUPT.VSTI);
      else memory.or(field(vcpu, VCPU.pending), INTERRUPT.VSTI);
      if (memory.load(field(vcpu, VCPU.state)) === VCPU_STATE.blocked) this.#makeReady(hart, vcpu, hart.id);
    }
  }

  /** Counts who waits for this hart, and answers the end of the turn or before it the first timer of one that does not run. */
  #survey(memory: CoreMemory, queue: PhysicalAddress, running: PhysicalAddress): Ticks {
    let event: number = firstTickAt(cycles(memory.loadNumber(field(queue, QUEUE.turnEnd))));
    let waiting = 0;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (vcpu === running) continue;
      event = Math.min(event, memory.loadNumber(field(vcpu, VCPU.timer)));
      if (memory.load(field(vcpu, VCPU.state)) === VCPU_STATE.ready) waiting++;
    }
    memory.atomicStore(field(queue, QUEUE.waiting), waiting);
    memory.storeNumber(field(queue, QUEUE.event), event);
    return ticks(event);
  }

  /** Brings a vCPU that waits for another hart into this one's queue; with `funded`, only one with budget. */
  #pull(hart: Hart, funded: boolean): boolean {
    const { memory } = hart;
    for (let distance = 1; distance < this.#harts; distance++) {
      const victim = (hart.id + distance) % this.#harts;
      if (!mayGive(memory, queueOf(victim))) continue;
      this.#exclusion.acquire(hart, queueLock(victim));
      const vcpu = this.#mostUrgent(memory, queueOf(victim), funded);
      if (vcpu !== NONE) {
        remove(memory, queueOf(victim), vcpu);
        addWaiting(memory, victim, -1);
        memory.atomicStore(field(vcpu, VCPU.queue), queueOf(hart.id));
      }
      this.#exclusion.release(hart, queueLock(victim));
      if (vcpu === NONE) continue;
      this.#exclusion.acquire(hart, queueLock(hart.id));
      append(memory, queueOf(hart.id), vcpu);
      this.#exclusion.release(hart, queueLock(hart.id));
      return true;
    }
    return false;
  }

  /** The waiting member whose period ends first. */
  #mostUrgent(memory: CoreMemory, queue: PhysicalAddress, funded: boolean): PhysicalAddress {
    let chosen = NONE;
    let earliest = Infinity;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (memory.load(field(vcpu, VCPU.state)) !== VCPU_STATE.ready) continue;
      if (funded && !this.#scheduler.hasTime(memory, vcpu)) continue;
      const deadline = memory.loadNumber(field(vcpu, VCPU.deadline));
      if (deadline < earliest) {
        chosen = vcpu;
        earliest = deadline;
      }
    }
    return chosen;
  }

  /** Acquires the lock of the queue that a vCPU is in, and answers whose it is. */
  #lockQueueOf(hart: Hart, vcpu: PhysicalAddress): number {
    const link = field(vcpu, VCPU.queue);
    for (;;) {
      const queue = toAddress(hart.memory.atomicLoad(link));
      const home = hartOf(queue);
      this.#exclusion.acquire(hart, queueLock(home));
      if (toAddress(hart.memory.atomicLoad(link)) === queue) return home;
      this.#exclusion.release(hart, queueLock(home));
    }
  }

  /** Under the lock of its queue, which is `home`'s. */
  #makeReady(hart: Hart, vcpu: PhysicalAddress, home: number): void {
    hart.memory.store(field(vcpu, VCPU.state), VCPU_STATE.ready);
    this.#scheduler.wake(hart.memory, vcpu, hart.now());
    addWaiting(hart.memory, home, 1);
  }

  /** Sees to it that a hart looks at `home`'s queue, in which a vCPU has become ready: one that idles, if any does. */
  #announce(hart: Hart, home: number): void {
    if (current(hart.memory, queueOf(home)) === NONE) {
      hart.sendIpi(hartId(home));
      // It may have been interrupted for a vCPU of another queue, which it will now leave where it is.
      if (!this.#idle.claim(hart, home)) this.#idle.wakeOne(hart);
    } else if (!this.#idle.wakeOne(hart)) {
      this.#requestChoice(hart, home);
    }
  }

  #requestChoice(hart: Hart, target: number): void {
    hart.memory.atomicStore(field(queueOf(target), QUEUE.preempt), 1);
    if (target !== hart.id) hart.sendIpi(hartId(target));
  }
}

/** The vCPU blocks, unless an interrupt has been raised at it; or it stops. One that another hart has stopped stays so. */
function leaveRunning(memory: CoreMemory, vcpu: PhysicalAddress, becomes: number): void {
  if (memory.load(field(vcpu, VCPU.state)) !== VCPU_STATE.running) return;
  if (becomes === VCPU_STATE.blocked && memory.atomicLoad(field(vcpu, VCPU.pending)) !== 0) return;
  memory.store(field(vcpu, VCPU.state), becomes);
  if (becomes === VCPU_STATE.stopped) memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
}

/** Whether a member waits that its own hart will not run at once: one that idles has been interrupted, and takes one itself. */
function mayGive(memory: CoreMemory, queue: PhysicalAddress): boolean {
  // First: who idles is then as new, and whoever leaves a member waiting after this looks for harts that idle.
  const waiting = memory.atomicLoad(field(queue, QUEUE.waiting));
  return waiting > (current(memory, queue) === NONE ? 1 : 0);
}

function addWaiting(memory: CoreMemory, hart: number, change: number): void {
  memory.add(field(queueOf(hart), QUEUE.waiting), change);
}
