// What generated code offers and needs. Both sides of the border import this file.
//
// Conventions at every import call:
//  - HART.pc is the address of the current instruction, all registers are in HART.x, and HART.fuel has been
//    deducted up to and including the current instruction;
//  - after CONTINUE, HART.pc is unchanged, any register in HART.x may be new (an ecall may write all of them),
//    and the core goes on at the next instruction;
//  - after MOVED, everything (pc, registers, privilege, address space) may be new.

import type { PhysicalMemory } from "./memory.ts";

export interface GeneratedCore {
  /** Runs the hart whose block is at `state` until an EXIT, which it returns. */
  run(state: number): number;
  /** fence.i: drops translations whose bytes have changed. */
  flush(state: number): void;
  /** Drops translations, of the space that the hart is in, made from other pages than its addresses now mean. Answers
   *  whether there were any. */
  revalidate(state: number): boolean;
  /** Drops all translations made under page tables. */
  forgetPaged(): void;
}

export interface CoreImports {
  /** Executes system instruction `word` (a 32-bit encoding). Returns CONTINUE, MOVED or LEAVE. */
  readonly system: (state: number, word: number) => number;
  /** Synchronous exception `cause` with HART.trapValue as its value; a fetch outside every executable
   *  region is cause 1, whatever the mode. Returns MOVED or LEAVE. */
  readonly trap: (state: number, cause: number) => number;
  /** Load or store at HART.trapValue that is not plain RAM; `access` is packed as ACCESS says.
   *  Returns CONTINUE, or MOVED or LEAVE after a trap. */
  readonly device: (state: number, access: number) => number;
  /** While HART.paged: host offset of the plain RAM, within one page, that the virtual address at HART.trapValue means;
   *  -1 if it means anything else. `access` is packed as LOCATE says. */
  readonly locate: (state: number, access: number) => number;
  /** While HART.paged: host offset of the instruction bytes at a virtual address, or -1. A `look-ahead` sets no
   *  accessed bits; after an `access` in vain, `trap` with a failed fetch raises what was wrong. */
  readonly fetch: (state: number, address: number, kind: "access" | "look-ahead") => number;
}

/** The packed argument of `locate`. */
export const LOCATE = {
  /** Bytes of the access, or of the range looked at, up to a page. */
  bytes: 0x1fff,
  /** Else it reads. */
  write: 1 << 16,
  /** The accesses may not happen: A and D bits stay as they are; two pages will do if they are neighbours in memory. */
  ahead: 1 << 17,
} as const;

/** The packed description of a load or store. */
export const ACCESS = {
  /** log2 of the size in bytes. */
  size: 3,
  unsigned: 1 << 2,
  store: 1 << 3,
  registerShift: 4,
  registerMask: 31,
  /** With `store`: AMO or SC; without: LR. */
  atomic: 1 << 9,
  /** Bytes of the instruction. */
  lengthShift: 10,
} as const;

/** Makes the core of one thread. */
export type CoreFactory = (memory: PhysicalMemory, thread: number, imports: CoreImports) => GeneratedCore;
