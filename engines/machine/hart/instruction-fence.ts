// fence.i, by a guest or by the engine for it: which translations a thread still has to compare with memory.

import { CONTROL, CONTROL_OFFSET, HART } from "../layout.ts";
import type { HartState } from "./state.ts";

const FENCES = (CONTROL_OFFSET + CONTROL.instructionFences) >> 2;
const SPACE = HART.space >> 2;

/** Instructions of the space that the hart runs are from now on fetched as memory holds them. */
export function fenceInstructions(state: HartState): void {
  fenceAt(state, Atomics.add(state.i32, FENCES, 1) + 1);
}

/**
 * The same, if a fence was executed anywhere since this hart last did it for this space: for a guest that comes
 * from another hart. Without one, nobody can expect stores to be fetched.
 */
export function refreshInstructions(state: HartState): void {
  const fences = Atomics.load(state.i32, FENCES);
  if ((state.instructionFences[state.block[SPACE]] ?? 0) !== fences) fenceAt(state, fences);
}

/** `fences` was read before what is compared. */
function fenceAt(state: HartState, fences: number): void {
  state.instructionFences[state.block[SPACE]] = fences;
  state.flusher.flush(state.base);
  // The call that the engine is handling may have come from code that is no longer there.
  state.switched = true;
}
