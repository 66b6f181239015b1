// Code for the last bytes before a place where memory may end: every kind of instruction that ends there, or has its
// second half behind it.

import { encode } from "./encode.ts";

export const COUNT = 5;
export const LINK = 1;
/** Of a function that returns at once; of an address; of doublewords. */
export const FUNCTION = 12;
export const POINTER = 11;
export const DATA = 14;
const VALUE = 13;

/** One instruction. */
export interface Step {
  readonly name: string;
  readonly bytes: 2 | 4;
  /** Whether it adds 1 to COUNT, and whether it calls. */
  readonly counts?: true;
  readonly calls?: true;
  /** Leaves for the code that the page has further up (`by` bytes away), and so never needs what is behind it. */
  readonly leaves?: true;
  word(by: number): number;
}

const c = (half: number) => () => half;
const LINKED = FUNCTION << 7;
// Jumps and branches forward go to the next instruction.
const ADD_2: Step = { name: "c.addi", bytes: 2, counts: true, word: c(0x0001 | (COUNT << 7) | (1 << 2)) };
const ADD_4: Step = { name: "addi", bytes: 4, counts: true, word: c(encode("addi", { rd: COUNT, rs1: COUNT, immediate: 1 })) };
const CALL_2: Step = { name: "c.jalr", bytes: 2, calls: true, word: c(0x9002 | LINKED) };
const CALL_4: Step = { name: "jalr", bytes: 4, calls: true, word: c(encode("jalr", { rd: LINK, rs1: FUNCTION })) };
const JUMP_2: Step = { name: "c.j", bytes: 2, word: c(0xa009) };
const JUMP_4: Step = { name: "jal", bytes: 4, word: c(encode("jal", { immediate: 4 })) };
const BRANCH_2: Step = { name: "c.beqz", bytes: 2, word: c(0xc009) }; // x8 is zero
const BRANCH_4: Step = { name: "beq", bytes: 4, word: c(encode("beq", { immediate: 4 })) };
const STAY_4: Step = { name: "bne", bytes: 4, word: c(encode("bne", { immediate: -64 })) };
const LOAD_4: Step = { name: "ld", bytes: 4, word: c(encode("ld", { rd: VALUE, rs1: DATA })) };
const STORE_4: Step = { name: "sd", bytes: 4, word: c(encode("sd", { rs1: DATA, rs2: VALUE })) };
const AMO_4: Step = { name: "amoadd.d", bytes: 4, word: c(encode("amoadd.d", { rd: VALUE, rs1: DATA, rs2: VALUE })) };
const SYSTEM_4: Step = { name: "fence.i", bytes: 4, word: c(0x100f) };
const FENCE_4: Step = { name: "fence", bytes: 4, word: c(encode("fence")) };
const LEAVE_4: Step = { name: "jal away", bytes: 4, leaves: true, word: (by) => encode("jal", { immediate: by }) };
const LEAVE_BRANCH_4: Step = { name: "beq away", bytes: 4, leaves: true, word: (by) => encode("beq", { immediate: by }) };

export interface Sequence {
  readonly steps: readonly Step[];
  /** Of the last step, how many bytes lie behind the place: its second half, or none. */
  readonly over: 0 | 2;
}

const LAST_4 = [ADD_4, CALL_4, JUMP_4, BRANCH_4, STAY_4, LOAD_4, STORE_4, AMO_4, SYSTEM_4, FENCE_4];
export const SEQUENCES: readonly Sequence[] = [
  ...[ADD_2, CALL_2, JUMP_2, BRANCH_2].map((last): Sequence => ({ steps: [ADD_4, last], over: 0 })),
  ...[...LAST_4, LEAVE_4, LEAVE_BRANCH_4].map((last): Sequence => ({ steps: [ADD_2, last], over: 0 })),
  ...LAST_4.map((last): Sequence => ({ steps: [ADD_2, last], over: 2 })),
  // Reached by a return, by a jump and by a branch.
  ...[CALL_2, JUMP_2, BRANCH_2].map((first): Sequence => ({ steps: [first, ADD_4], over: 2 })),
  { steps: [LEAVE_4], over: 2 },
];

/** What lies behind the place, or behind what lies over it. */
export const AFTER: readonly Step[] = [ADD_2, ADD_4, { name: "ecall", bytes: 4, word: c(encode("ecall")) }];
