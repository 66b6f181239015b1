// Traps: to the guest's own handler where delegated, else into the engine and back.

import { CONTINUE, HART, LEAVE, MOVED } from "../layout.ts";
import { SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { deliverable } from "./interrupts.ts";
import { CAUSE, INTERRUPT_CAUSE } from "./privileged.ts";
import { requestAttention } from "./signal.ts";
import type { HartState } from "./state.ts";
import { enterMachine, enterSupervisor, interruptGuest, trapToGuest } from "./trap-entry.ts";
import { enterFromEngine } from "./trap-return.ts";

const PC = HART.pc >> 2;
const RETIRED = HART.retired >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
const WAITING = HART.waiting >> 2;
const PAGED = HART.paged >> 2;
const TRAP_VALUE = HART.trapValue >> 2;
/** Interrupts handed to the engine one after another before the hart's own business is looked at. */
const ROUNDS = 4;
/** Between traps handled in place, the timers are compared with the clock once in so many. */
const TIMER_CHECK_MASK = 7;

/** The `trap` import: exception `cause` at HART.pc with HART.trapValue. */
export function takeTrap(state: HartState, cause: number): number {
  const { block } = state;
  if (cause === CAUSE.instructionAccess && block[PAGED] !== 0) {
    return raise(state, state.mmu.walker.cause, block[TRAP_VALUE], block[TRAP_VALUE + 1]);
  }
  // Under a second stage an address that no region maps faults there, not in physical memory.
  const fetch = cause === CAUSE.instructionAccess && block[VIRTUAL_WORD] !== 0;
  return raise(state, fetch ? CAUSE.instructionGuestPage : cause, block[TRAP_VALUE], block[TRAP_VALUE + 1]);
}

/** Raises exception `cause` at HART.pc. Returns MOVED or LEAVE. */
export function raise(state: HartState, cause: number, valueLow: number, valueHigh: number): number {
  const { block } = state;
  doNotRetire(state);
  const pcLow = block[PC];
  const pcHigh = block[PC + 1];
  const bit = 1 << cause;
  if (state.hypervisor) {
    if ((block[SLOT.hedeleg] & bit) !== 0) {
      trapToGuest(state, VIRTUAL_SUPERVISOR_BANK, cause, 0, pcLow, pcHigh, valueLow, valueHigh);
      return MOVED;
    }
  } else if ((block[SLOT.medeleg] & bit) !== 0) {
    trapToGuest(state, SUPERVISOR_BANK, cause, 0, pcLow, pcHigh, valueLow, valueHigh);
    return MOVED;
  }
  return callEngine(state, cause, pcLow, pcHigh, valueLow, valueHigh);
}

/** Raises environment call `cause` at HART.pc. Returns CONTINUE if the engine handled it and the guest simply
 *  goes on at the next instruction. */
export function raiseCall(state: HartState, cause: number): number {
  const { block } = state;
  const pcLow = block[PC];
  const pcHigh = block[PC + 1];
  const privilege = block[PRIVILEGE_WORD];
  const virtual = block[VIRTUAL_WORD];
  state.switched = false;
  const answer = raise(state, cause, 0, 0);
  const nextLow = (pcLow + 4) | 0;
  if (answer !== MOVED || state.switched || block[PC] !== nextLow
    || block[PC + 1] !== (nextLow >>> 0 < 4 ? (pcHigh + 1) | 0 : pcHigh)
    || block[PRIVILEGE_WORD] !== privilege || block[VIRTUAL_WORD] !== virtual) return answer;
  block[PC] = pcLow;
  block[PC + 1] = pcHigh;
  return CONTINUE;
}

/** Takes the interrupt that is deliverable now, if any. Returns CONTINUE if there is none, else MOVED or LEAVE. */
export function takeInterrupt(state: HartState): number {
  const interrupt = deliverable(state);
  if (interrupt === 0) return CONTINUE;
  const { block } = state;
  const pcLow = block[PC];
  const pcHigh = block[PC + 1];
  block[WAITING] = 0;
  if ((interrupt & INTERRUPT_CAUSE) !== 0) return callEngine(state, interrupt, pcLow, pcHigh, 0, 0);
  interruptGuest(state, interrupt, pcLow, pcHigh);
  return MOVED;
}

function callEngine(
  state: HartState, cause: number, pcLow: number, pcHigh: number, valueLow: number, valueHigh: number,
): number {
  if (state.hypervisor) enterSupervisor(state, cause, pcLow, pcHigh, valueLow, valueHigh);
  else enterMachine(state, cause, pcLow, pcHigh, valueLow, valueHigh);
  if (state.model !== null) {
    state.trapped = true;
    return LEAVE;
  }
  for (let round = 1; ; round++) {
    state.engine.trap(state.hart);
    const answer = enterFromEngine(state);
    if (answer === LEAVE) return LEAVE;
    const { timers } = state;
    if ((++state.traps & TIMER_CHECK_MASK) === 0 && timers.next !== Infinity) timers.update(state.clock.time());
    const interrupt = deliverable(state);
    if (interrupt === 0) return MOVED;
    if (round === ROUNDS) {
      requestAttention(state.block);
      return MOVED;
    }
    const low = state.block[PC];
    const high = state.block[PC + 1];
    if ((interrupt & INTERRUPT_CAUSE) === 0) {
      interruptGuest(state, interrupt, low, high);
      return MOVED;
    }
    if (state.hypervisor) enterSupervisor(state, interrupt, low, high, 0, 0);
    else enterMachine(state, interrupt, low, high, 0, 0);
  }
}

/** The core has counted the current instruction, which traps instead of retiring. */
function doNotRetire(state: HartState): void {
  const { block } = state;
  const low = block[RETIRED];
  block[RETIRED] = low - 1;
  if (low === 0) block[RETIRED + 1] -= 1;
}
