// What generated functions and the thread area agree on.

import type { FunctionType } from "../wasm/module.ts";
import { I32, I64 } from "../wasm/opcodes.ts";

/** Type indexes, the same in every generated module. */
export const TYPE = { service: 0, request: 1, unit: 2, resolve: 3, remember: 4 } as const;
export const TYPES: readonly FunctionType[] = [
  { parameters: [I32, I32], results: [I32] }, // service: (state, argument) -> CONTINUE, MOVED or LEAVE
  { parameters: [I32], results: [I32] }, // request: (state) -> see each
  { parameters: [I32, I32, I32], results: [I64] }, // unit: (state, entry, depth) -> next pc or a code below
  { parameters: [I32, I64, I32], results: [I32] }, // resolve: (state, address - RAM_BASE, access) -> host offset or -1
  { parameters: [I32, I64, I32, I32], results: [I32] }, // remember: see remember.ts
];

// What a unit (translated function) returns: the next pc, which is even, or an odd value:
//   pc | 1      it stopped before the instruction at pc, which the interpreter is to execute;
//   MOVED_PC    HART.pc holds the next pc; LEFT_PC: come out of `run`; MISSING: not translated,
//               or called too deep; nothing done.
export const MISSING = -1;
export const MOVED_PC = -3;
export const LEFT_PC = -5;

/** Calls from unit to unit before the host stack is unwound. */
export const CALL_DEPTH = 200;

/** The access argument of `resolve`: bytes in bits 0..3, rights (RIGHT) from bit 8. */
export const RESOLVE_RIGHTS_SHIFT = 8;

// ---- thread area: offsets and shapes of the tables in it ------------------------------------------
/** Predecoded instructions, direct-mapped by address (predecoded.ts). 16 bytes each. */
export const PREDECODED = {
  offset: 0x0_0000,
  entries: 0x4000,
  bytes: 16,
  /** One more entry, for instructions near the end of the fast window. */
  scratch: 0x4_0000,
  operation: 0, // u8: index into BY_NUMBER
  length: 1, // u8
  rd: 2, rs1: 4, rs2: 6, // u16: offsets in the hart block
  immediate: 8, // i32
  tag: 12, // i32: the four bytes at the instruction's address
} as const;
/** Translated entry points, direct-mapped by pc and space. 32 bytes each. */
export const LOOKUP = {
  offset: 0x5_0000,
  entries: 0x8000,
  /** By how many entries the same place of an image lies apart in two spaces, or in two guests that lie (placed as they
   *  are) a multiple of 2^placement bytes apart in one: those that take turns may run the same image. */
  stride: 0x1e37,
  placement: 21,
  bytes: 32,
  pc: 0, // i64
  space: 8, // i32
  slot: 12, // i32: in the function table
  entry: 16, // i32: argument of the unit
  fuel: 20, // i32: least fuel with which the unit gets anywhere
  /** i32: with less, where slices are short: slot, plus 1, and argument of the tail unit; or less one for every time it was missed. */
  tail: 24,
  tailEntry: 28,
} as const;
/** A look-up in LOOKUP.tail that is not to count towards a tail unit any more. */
export const NO_TAIL = -0x4000_0000;
/** How often a pc was looked up in vain; i32 each, by the same index as LOOKUP. */
export const HOTNESS = { offset: 0x15_0000 } as const;
/** Where spaces share translations: by number below FIRST_PAGED_SPACE, the class of the space (code-classes.ts); i32 each. */
export const CLASS_OF = { offset: 0x18_0000 } as const;

/** Where in LOOKUP and HOTNESS `pc` of `space` lies. Generated code computes the same, modulo 2^32. */
export function lookupIndex(space: number, pc: number): number {
  return ((pc / 2) + ((pc >>> LOOKUP.placement) + space) * LOOKUP.stride) & (LOOKUP.entries - 1);
}
