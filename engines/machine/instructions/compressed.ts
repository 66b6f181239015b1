// The C extension: every 16-bit form and the 32-bit instruction it stands for.
// Source: RISC-V Instruction Set Manual, Volume I, chapter 28 "C" (instruction listings, RV64).

import type { Mnemonic } from "./table.ts";

/** Bits of a compressed word that make an operand: pairs of [bit in the word, bit in the operand]. */
type Scatter = readonly (readonly [number, number])[];

/** A register operand: a number, or where it lies ("prime" registers are x8..x15). */
type Register = number | "rd" | "rs2" | "rd'" | "rs2'";

export interface Compressed {
  readonly match: number;
  readonly mask: number;
  readonly expands: Mnemonic;
  readonly rd: Register;
  readonly rs1: Register;
  readonly rs2: Register;
  readonly immediate: Scatter;
  /** The highest immediate bit is a sign. */
  readonly signed?: true;
  /** Encodings of this form that are reserved: a zero register or immediate. */
  readonly reserved?: "zero-rd" | "zero-immediate";
}

const bits = (word: number, operand: number, count: number): Scatter =>
  Array.from({ length: count }, (_, index) => [word - index, operand - index] as const);

const CI: Scatter = [[12, 5], ...bits(6, 4, 5)];
const CJ: Scatter = [[12, 11], [11, 4], [10, 9], [9, 8], [8, 10], [7, 6], [6, 7], [5, 3], [4, 2], [3, 1], [2, 5]];
const CB: Scatter = [[12, 8], [11, 4], [10, 3], [6, 7], [5, 6], [4, 2], [3, 1], [2, 5]];
const WORD: Scatter = [...bits(12, 5, 3), [6, 2], [5, 6]];
const DOUBLE: Scatter = [...bits(12, 5, 3), [6, 7], [5, 6]];
const LWSP: Scatter = [[12, 5], ...bits(6, 4, 3), [3, 7], [2, 6]];
const LDSP: Scatter = [[12, 5], [6, 4], [5, 3], [4, 8], [3, 7], [2, 6]];
const SWSP: Scatter = [...bits(12, 5, 4), [8, 7], [7, 6]];
const SDSP: Scatter = [...bits(12, 5, 3), ...bits(9, 8, 3)];
const ADDI4SPN: Scatter = [[12, 5], [11, 4], [10, 9], [9, 8], [8, 7], [7, 6], [6, 2], [5, 3]];
const ADDI16SP: Scatter = [[12, 9], [6, 4], [5, 6], [4, 8], [3, 7], [2, 5]];
const LUI: Scatter = [[12, 17], ...bits(6, 16, 5)];
const NONE: Scatter = [];

// Order matters where one form is a special case of another: the special one comes first.
export const COMPRESSED: readonly Compressed[] = [
  { match: 0x0000, mask: 0xe003, expands: "addi", rd: "rs2'", rs1: 2, rs2: 0, immediate: ADDI4SPN, reserved: "zero-immediate" },
  { match: 0x4000, mask: 0xe003, expands: "lw", rd: "rs2'", rs1: "rd'", rs2: 0, immediate: WORD },
  { match: 0x6000, mask: 0xe003, expands: "ld", rd: "rs2'", rs1: "rd'", rs2: 0, immediate: DOUBLE },
  { match: 0xc000, mask: 0xe003, expands: "sw", rd: 0, rs1: "rd'", rs2: "rs2'", immediate: WORD },
  { match: 0xe000, mask: 0xe003, expands: "sd", rd: 0, rs1: "rd'", rs2: "rs2'", immediate: DOUBLE },

  { match: 0x0001, mask: 0xe003, expands: "addi", rd: "rd", rs1: "rd", rs2: 0, immediate: CI, signed: true },
  { match: 0x2001, mask: 0xe003, expands: "addiw", rd: "rd", rs1: "rd", rs2: 0, immediate: CI, signed: true, reserved: "zero-rd" },
  { match: 0x4001, mask: 0xe003, expands: "addi", rd: "rd", rs1: 0, rs2: 0, immediate: CI, signed: true },
  { match: 0x6101, mask: 0xef83, expands: "addi", rd: 2, rs1: 2, rs2: 0, immediate: ADDI16SP, signed: true, reserved: "zero-immediate" },
  { match: 0x6001, mask: 0xe003, expands: "lui", rd: "rd", rs1: 0, rs2: 0, immediate: LUI, signed: true, reserved: "zero-immediate" },
  { match: 0x8001, mask: 0xec03, expands: "srli", rd: "rd'", rs1: "rd'", rs2: 0, immediate: CI },
  { match: 0x8401, mask: 0xec03, expands: "srai", rd: "rd'", rs1: "rd'", rs2: 0, immediate: CI },
  { match: 0x8801, mask: 0xec03, expands: "andi", rd: "rd'", rs1: "rd'", rs2: 0, immediate: CI, signed: true },
  { match: 0x8c01, mask: 0xfc63, expands: "sub", rd: "rd'", rs1: "rd'", rs2: "rs2'", immediate: NONE },
  { match: 0x8c21, mask: 0xfc63, expands: "xor", rd: "rd'", rs1: "rd'", rs2: "rs2'", immediate: NONE },
  { match: 0x8c41, mask: 0xfc63, expands: "or", rd: "rd'", rs1: "rd'", rs2: "rs2'", immediate: NONE },
  { match: 0x8c61, mask: 0xfc63, expands: "and", rd: "rd'", rs1: "rd'", rs2: "rs2'", immediate: NONE },
  { match: 0x9c01, mask: 0xfc63, expands: "subw", rd: "rd'", rs1: "rd'", rs2: "rs2'", immediate: NONE },
  { match: 0x9c21, mask: 0xfc63, expands: "addw", rd: "rd'", rs1: "rd'", rs2: "rs2'", immediate: NONE },
  { match: 0xa001, mask: 0xe003, expands: "jal", rd: 0, rs1: 0, rs2: 0, immediate: CJ, signed: true },
  { match: 0xc001, mask: 0xe003, expands: "beq", rd: 0, rs1: "rd'", rs2: 0, immediate: CB, signed: true },
  { match: 0xe001, mask: 0xe003, expands: "bne", rd: 0, rs1: "rd'", rs2: 0, immediate: CB, signed: true },

  { match: 0x0002, mask: 0xe003, expands: "slli", rd: "rd", rs1: "rd", rs2: 0, immediate: CI },
  { match: 0x4002, mask: 0xe003, expands: "lw", rd: "rd", rs1: 2, rs2: 0, immediate: LWSP, reserved: "zero-rd" },
  { match: 0x6002, mask: 0xe003, expands: "ld", rd: "rd", rs1: 2, rs2: 0, immediate: LDSP, reserved: "zero-rd" },
  { match: 0x8002, mask: 0xf07f, expands: "jalr", rd: 0, rs1: "rd", rs2: 0, immediate: NONE, reserved: "zero-rd" },
  { match: 0x8002, mask: 0xf003, expands: "add", rd: "rd", rs1: 0, rs2: "rs2", immediate: NONE },
  { match: 0x9002, mask: 0xffff, expands: "ebreak", rd: 0, rs1: 0, rs2: 0, immediate: NONE },
  { match: 0x9002, mask: 0xf07f, expands: "jalr", rd: 1, rs1: "rd", rs2: 0, immediate: NONE },
  { match: 0x9002, mask: 0xf003, expands: "add", rd: "rd", rs1: "rd", rs2: "rs2", immediate: NONE },
  { match: 0xc002, mask: 0xe003, expands: "sw", rd: 0, rs1: 2, rs2: "rs2", immediate: SWSP },
  { match: 0xe002, mask: 0xe003, expands: "sd", rd: 0, rs1: 2, rs2: "rs2", immediate: SDSP },
];

export function compressedRegister(word: number, register: Register): number {
  switch (register) {
    case "rd": return (word >> 7) & 31;
    case "rs2": return (word >> 2) & 31;
    case "rd'": return 8 + ((word >> 7) & 7);
    case "rs2'": return 8 + ((word >> 2) & 7);
    default: return register;
  }
}

export function compressedImmediate(word: number, form: Compressed): number {
  let value = 0;
  let top = 0;
  for (const [from, to] of form.immediate) {
    value |= ((word >> from) & 1) << to;
    top = Math.max(top, to);
  }
  if (form.signed === true && (value >> top) & 1) value -= 2 ** (top + 1);
  return value;
}
