// A budget of CPU time in every period, for each vCPU.
//
// The rule, a hard constant-bandwidth server (Abeni and Buttazzo, RTSS 1998) for every vCPU:
//  1. Running is charged by exact timestamps, to the vCPU on the hart, whatever it does and however often.
//  2. Of the ready vCPUs with budget left, the one whose period ends first runs, until its budget is used
//     up or another's is renewed.
//  3. A used-up budget is renewed when the period ends; what it ran over is deducted.
//  4. Who blocked or yielded comes back to what is left of its budget only where that is no more than its
//     share of what is left of its period; otherwise it begins a new period. So time not used is never
//     saved up against the others.
//  5. When no ready vCPU has budget left, or only one that yields, the hart would idle: the (other) ready
//     ones get this slack in turn, a slice each, uncharged, until a budget is renewed or a vCPU wakes.
// Where the budgets of a hart need no more than its time, each always-ready vCPU gets its budget in every
// period; where they need more, each gets a part in proportion.

import type { Cycles, PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, NONE } from "../state/words.ts";
import { VCPU } from "../vcpu/record.ts";
import { CHARGED, firstMember, nextMember, QUEUE, runs } from "./queue.ts";
import type { Scheduler } from "./scheduler.ts";

/** 1 ms. */
const SLACK_SLICE_CYCLES = 1_000_000;
/** Standing of a vCPU that yielded a turn that it had budget for. */
const DEFERRED = 1;

export class BudgetScheduler implements Scheduler {
  start(memory: CoreMemory, queue: PhysicalAddress, now: Cycles): void {
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      beginPeriod(memory, vcpu, now);
    }
  }

  wake(memory: CoreMemory, vcpu: PhysicalAddress, now: Cycles): void {
    const remaining = memory.loadNumber(field(vcpu, VCPU.remaining));
    const left = memory.loadNumber(field(vcpu, VCPU.deadline)) - now;
    const budget = memory.loadNumber(field(vcpu, VCPU.budget));
    const period = memory.loadNumber(field(vcpu, VCPU.period));
    if (remaining > 0 ? remaining * period > left * budget : left <= 0) beginPeriod(memory, vcpu, now);
  }

  hasTime(memory: CoreMemory, vcpu: PhysicalAddress): boolean {
    return memory.loadNumber(field(vcpu, VCPU.remaining)) > 0;
  }

  pick(memory: CoreMemory, queue: PhysicalAddress, now: Cycles, yielding: PhysicalAddress): PhysicalAddress {
    let chosen = NONE;
    let earliest = Infinity;
    let slackChosen = NONE;
    let longestAgo = Infinity;
    let renewal = Infinity;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      if (!runs(memory, vcpu)) continue;
      if (vcpu !== yielding) this.#comeBack(memory, vcpu, now);
      const hasBudget = renew(memory, vcpu, now);
      const deadline = memory.loadNumber(field(vcpu, VCPU.deadline));
      const lastRun = memory.loadNumber(field(vcpu, VCPU.lastRun));
      if (!hasBudget) renewal = Math.min(renewal, deadline);
      if (vcpu === yielding) continue;
      if (hasBudget && deadline < earliest) {
        chosen = vcpu;
        earliest = deadline;
      }
      if (lastRun < longestAgo) {
        slackChosen = vcpu;
        longestAgo = lastRun;
      }
    }
    let next = chosen === NONE ? slackChosen : chosen;
    if (next === NONE) next = yielding;
    else if (yielding !== NONE) memory.store(field(yielding, VCPU.standing), DEFERRED);
    beginTurn(memory, queue, next, now, renewal);
    return next;
  }

  /** Rule 4 for a vCPU that yielded, now that it is considered again. */
  #comeBack(memory: CoreMemory, vcpu: PhysicalAddress, now: Cycles): void {
    if (memory.load(field(vcpu, VCPU.standing)) !== DEFERRED) return;
    memory.store(field(vcpu, VCPU.standing), 0);
    this.wake(memory, vcpu, now);
  }
}

/** Sets whether the turn of `next` is slack, and when to choose again: at its end or at the next renewal. */
function beginTurn(memory: CoreMemory, queue: PhysicalAddress, next: PhysicalAddress, now: number, renewal: number): void {
  const remaining = next === NONE ? Infinity : memory.loadNumber(field(next, VCPU.remaining));
  const slack = remaining <= 0;
  memory.store(field(queue, QUEUE.charged), slack ? CHARGED.slack : CHARGED.budget);
  memory.storeNumber(field(queue, QUEUE.turnEnd), Math.min(now + (slack ? SLACK_SLICE_CYCLES : remaining), renewal));
}

/** A whole budget from now on, less what the vCPU ran over. */
function beginPeriod(memory: CoreMemory, vcpu: PhysicalAddress, now: number): void {
  const debt = Math.min(0, memory.loadNumber(field(vcpu, VCPU.remaining)));
  memory.storeNumber(field(vcpu, VCPU.remaining), debt + memory.loadNumber(field(vcpu, VCPU.budget)));
  memory.storeNumber(field(vcpu, VCPU.deadline), now + memory.loadNumber(field(vcpu, VCPU.period)));
}

/** Renews the budget of a vCPU that has used it up, if that is due; answers whether it has any. */
function renew(memory: CoreMemory, vcpu: PhysicalAddress, now: number): boolean {
  const remaining = memory.loadNumber(field(vcpu, VCPU.remaining));
  if (remaining > 0) return true;
  const deadline = memory.loadNumber(field(vcpu, VCPU.deadline));
  if (deadline > now) return false;
  const renewed = remaining + memory.loadNumber(field(vcpu, VCPU.budget));
  const period = memory.loadNumber(field(vcpu, VCPU.period));
  memory.storeNumber(field(vcpu, VCPU.remaining), renewed);
  // A hart that has less time than is due falls behind: by no more than a period, so that a vCPU that
  // wakes need not wait for a backlog.
  memory.storeNumber(field(vcpu, VCPU.deadline), Math.max(deadline, now - period) + period);
  return renewed > 0;
}
