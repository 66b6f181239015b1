// fence.i, by a guest or by the engine for it: which translations a thread still has to compare with memory.

import { CONTROL, CONTROL_OFFSET } from "../layout.ts";
import type { HartState } from "./state.ts";

const FENCES = (CONTROL_OFFSET + CONTROL.instructionFences) >> 2;

/** Instructions of the guest that the hart runs are from now on fetched as memory holds them. */
export function fenceInstructions(state: HartState): void {
  fenceAt(state, Atomics.add(state.i32, FENCES, 1) + 1);
}

/**
 * The same, if a fence was executed anywhere since this hart last did it for this guest: for one that comes
 * from another hart. Without one, nobody can expect stores to be fetched.
 */
export function refreshInstructions(state: HartState): void {
  const fences = Atomics.load(state.i32, FENCES);
  if ((state.instructionFences[guestOf(state)] ?? 0) !== fences) fenceAt(state, fences);
}

/** `fences` was read before what is compared. */
function fenceAt(state: HartState, fences: number): void {
  state.instructionFences[guestOf(state)] = fences;
  state.flusher.flush(state.base);
  // The call that the engine is handling may have come from code that is no longer there.
  state.switched = true;
}

/** What stands for a guest, whatever page tables it is under: its second stage. */
function guestOf(state: HartState): number {
  return state.hypervisor ? state.space : 0;
}
