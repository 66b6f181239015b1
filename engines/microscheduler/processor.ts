// Shares the harts out among guests that are its peers: each runs for its budget, then the next that can.
// Who waits for an interrupt keeps its turn: WFI is the guest's own.

import { cycles, ticks, type Cycles, type HartId, type PhysicalAddress, type Ticks } from "../machine/address.ts";
import { cyclesToTicks } from "../machine/clock.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { INTERRUPT } from "../machine/hart/privileged.ts";
import { clearSoftware } from "../machine-mode/setup.ts";
import { suspend } from "../machine-mode/suspend.ts";
import type { VcpuProcessor } from "../sbi/local-services.ts";
import { firstTickAt } from "../scheduler/time.ts";
import { field, NONE } from "../state/words.ts";
import { contextOf, VCPU, VCPU_STATE } from "../vcpu/record.ts";
import { TURN, turnOf } from "./layout.ts";

const NOBODY = -1;
const NEVER = ticks(Infinity);

export class MicroschedulerProcessor implements VcpuProcessor {
  /** The vCPUs placed on each hart. */
  readonly #members: readonly (readonly PhysicalAddress[])[];
  readonly #placement: ReadonlyMap<PhysicalAddress, HartId>;

  constructor(members: readonly (readonly PhysicalAddress[])[], placement: ReadonlyMap<PhysicalAddress, HartId>) {
    this.#members = members;
    this.#placement = placement;
  }

  start(hart: Hart): void {
    hart.memory.store(field(turnOf(hart.id), TURN.current), NOBODY);
    this.reschedule(hart);
  }

  current(hart: Hart): PhysicalAddress {
    const position = hart.memory.load(field(turnOf(hart.id), TURN.current));
    return position === NOBODY ? NONE : this.#members[hart.id][position];
  }

  raiseSoftware(hart: Hart, vcpu: PhysicalAddress): void {
    if (vcpu === this.current(hart)) {
      hart.setCsrBits(CSR.mip, INTERRUPT.SSI);
      return;
    }
    hart.memory.or(field(vcpu, VCPU.pending), INTERRUPT.SSI);
    const home = this.#placement.get(vcpu);
    if (home !== undefined && home !== hart.id) hart.sendIpi(home);
  }

  clearSoftware(hart: Hart): number {
    return clearSoftware(hart);
  }

  suspend(hart: Hart): void {
    suspend(hart, this.current(hart));
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    const { memory } = hart;
    memory.storeNumber(field(this.current(hart), VCPU.timer), deadline);
    hart.clearCsrBits(CSR.mip, INTERRUPT.STI);
    hart.setTimer(ticks(Math.min(deadline, memory.loadNumber(field(turnOf(hart.id), TURN.end)))));
  }

  makeReady(hart: Hart, vcpu: PhysicalAddress): void {
    hart.memory.store(field(vcpu, VCPU.state), VCPU_STATE.ready);
  }

  preempt(): void {
    // Turns end by time.
  }

  /** The engine's timer: a turn has ended, or the current vCPU's own timer is due. */
  timerInterrupt(hart: Hart): void {
    const { memory } = hart;
    const end = memory.loadNumber(field(turnOf(hart.id), TURN.end));
    const running = this.current(hart);
    const now = hart.time();
    if (running === NONE || now >= end) return this.reschedule(hart);
    this.#raiseDueTimer(hart, running, now);
    hart.setTimer(ticks(Math.min(end, memory.loadNumber(field(running, VCPU.timer)))));
  }

  /** Another hart raised something at a vCPU of this one. */
  softwareInterrupt(hart: Hart): void {
    hart.clearIpi();
    const running = this.current(hart);
    if (running === NONE) this.reschedule(hart);
    else this.#raisePending(hart, running);
  }

  /** Gives the hart to the next vCPU that can run; the current one is the last to be asked. */
  reschedule(hart: Hart): void {
    const { memory } = hart;
    const turn = turnOf(hart.id);
    const now = hart.now();
    const last = this.current(hart);
    if (last !== NONE) this.#charge(hart, last, now);
    memory.storeNumber(field(turn, TURN.start), now);
    const position = this.#next(hart);
    const next = position === NOBODY ? NONE : this.#members[hart.id][position];
    if (next !== last) {
      if (last !== NONE) hart.saveContext(contextOf(last));
      memory.store(field(turn, TURN.current), position);
      if (next !== NONE) this.#enter(hart, next);
    }
    if (next === NONE) {
      memory.storeNumber(field(turn, TURN.end), Infinity);
      hart.setTimer(NEVER);
      hart.idle();
      return;
    }
    const end = firstTickAt(cycles(now + memory.loadNumber(field(next, VCPU.budget))));
    memory.storeNumber(field(turn, TURN.end), end);
    this.#raiseDueTimer(hart, next, cyclesToTicks(now));
    hart.setTimer(ticks(Math.min(end, memory.loadNumber(field(next, VCPU.timer)))));
  }

  /** Position of the next vCPU in turn that is not stopped. */
  #next(hart: Hart): number {
    const { memory } = hart;
    const members = this.#members[hart.id];
    const from = memory.load(field(turnOf(hart.id), TURN.current));
    for (let step = 1; step <= members.length; step++) {
      const position = (from + step) % members.length;
      if (memory.load(field(members[position], VCPU.state)) !== VCPU_STATE.stopped) return position;
    }
    return NOBODY;
  }

  #enter(hart: Hart, vcpu: PhysicalAddress): void {
    hart.loadContext(contextOf(vcpu));
    this.#raisePending(hart, vcpu);
    const switches = field(turnOf(hart.id), TURN.worldSwitches);
    hart.memory.storeNumber(switches, hart.memory.loadNumber(switches) + 1);
  }

  #charge(hart: Hart, vcpu: PhysicalAddress, now: Cycles): void {
    const used = now - hart.memory.loadNumber(field(turnOf(hart.id), TURN.start));
    const cpuTime = field(vcpu, VCPU.cpuTime);
    hart.memory.storeNumber(cpuTime, hart.memory.loadNumber(cpuTime) + used);
  }

  #raisePending(hart: Hart, vcpu: PhysicalAddress): void {
    const pending = hart.memory.exchange(field(vcpu, VCPU.pending), 0);
    if (pending !== 0) hart.setCsrBits(CSR.mip, pending);
  }

  #raiseDueTimer(hart: Hart, vcpu: PhysicalAddress, now: Ticks): void {
    const timer = field(vcpu, VCPU.timer);
    if (hart.memory.loadNumber(timer) > now) return;
    hart.memory.storeNumber(timer, Infinity);
    hart.setCsrBits(CSR.mip, INTERRUPT.STI);
  }
}
