// What generated code asks of address translation: the `locate` and `fetch` imports.

import { LOCATE } from "../../core.ts";
import { HART, RIGHT } from "../../layout.ts";
import type { HartState } from "../state.ts";
import type { WalkKind } from "./walk.ts";

const TRAP_VALUE = HART.trapValue >> 2;
const HIGH_UNIT = 0x1_0000_0000;

export function locate(state: HartState, access: number): number {
  const { block, mmu } = state;
  const low = block[TRAP_VALUE];
  const high = block[TRAP_VALUE + 1];
  const bytes = access & LOCATE.bytes;
  const right = (access & LOCATE.write) === 0 ? RIGHT.read : RIGHT.write;
  return (access & LOCATE.ahead) === 0 ? mmu.access(low, high, bytes, right) : mmu.lookAhead(low, high, bytes, right);
}

/** `address` as a signed number; beyond 2^53 it is inexact, and canonical neither way. */
export function fetchAt(state: HartState, address: number, kind: WalkKind): number {
  return state.mmu.fetch(address | 0, Math.floor(address / HIGH_UNIT) | 0, kind);
}
