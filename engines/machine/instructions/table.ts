// The one table of RV64IMAC_Zicsr_Zifencei: encoding and meaning of every instruction.
// It drives the decoder, the interpreter, the translator and the disassembler.
// Source: RISC-V Instruction Set Manual, Volume I (unprivileged), chapter 37 "RV32/64G instruction set
// listings"; Volume II (privileged) for the instructions of kind "system".

import type { Access } from "../wasm/opcodes.ts";
import type { Expression } from "./expression.ts";

/** Where an instruction's operands lie in its word. */
export type Format =
  | "R" | "I" | "S" | "B" | "U" | "J"
  | "shift" // I with a 6-bit shift amount
  | "shiftw" // I with a 5-bit shift amount
  | "none"; // operands, if any, are the business of whoever executes it

interface Encoding {
  readonly match: number;
  readonly mask: number;
  readonly format: Format;
}
export type Meaning =
  /** rd = value */
  | { readonly kind: "compute"; readonly value: Expression }
  /** rd = memory[rs1 + imm]; `access` extends to 64 bits */
  | { readonly kind: "load"; readonly bytes: 1 | 2 | 4 | 8; readonly access: Access }
  | { readonly kind: "store"; readonly bytes: 1 | 2 | 4 | 8; readonly access: Access }
  | { readonly kind: "branch"; readonly condition: Expression }
  /** rd = next pc; pc = pc + imm */
  | { readonly kind: "jump" }
  /** rd = next pc; pc = (rs1 + imm) & ~1 */
  | { readonly kind: "jump-register" }
  /** rd = memory[rs1]; memory[rs1] = old op rs2, in one atomic operation */
  | { readonly kind: "atomic"; readonly bytes: 4 | 8; readonly access: Access }
  /** As atomic, by compare-exchange: `t0` is the old value, extended; `value` what is stored. */
  | { readonly kind: "atomic-loop"; readonly bytes: 4 | 8; readonly value: Expression }
  | { readonly kind: "load-reserved"; readonly bytes: 4 | 8 }
  | { readonly kind: "store-conditional"; readonly bytes: 4 | 8 }
  | { readonly kind: "fence" }
  /** Privileged and CSR instructions: executed by the hart, with the word as it is. */
  | { readonly kind: "system" };
export type Instruction = Encoding & Meaning;

const compute = (format: Format, match: number, mask: number, value: Expression): Instruction =>
  ({ kind: "compute", format, match, mask, value });
const R = (match: number, value: Expression): Instruction => compute("R", match, 0xfe00_707f, value);
const I = (match: number, value: Expression): Instruction => compute("I", match, 0x707f, value);
const load = (funct3: number, bytes: 1 | 2 | 4 | 8, access: Access): Instruction =>
  ({ kind: "load", format: "I", match: 0x03 | (funct3 << 12), mask: 0x707f, bytes, access });
const store = (funct3: number, bytes: 1 | 2 | 4 | 8, access: Access): Instruction =>
  ({ kind: "store", format: "S", match: 0x23 | (funct3 << 12), mask: 0x707f, bytes, access });
const branch = (funct3: number, condition: Expression): Instruction =>
  ({ kind: "branch", format: "B", match: 0x63 | (funct3 << 12), mask: 0x707f, condition });
const system = (match: number, mask: number): Instruction => ({ kind: "system", format: "none", match, mask });

// A extension: funct5 in bits 31..27, aq and rl in 26..25 (ignored: every atomic is sequentially consistent).
const amoWord = (funct5: number) => ({ format: "R", match: ((funct5 << 27) | 0x202f) >>> 0, mask: 0xf800_707f, bytes: 4 }) as const;
const amoDouble = (funct5: number) => ({ format: "R", match: ((funct5 << 27) | 0x302f) >>> 0, mask: 0xf800_707f, bytes: 8 }) as const;
const LR_MASK = 0xf9f0_707f; // rs2 is zero

const word1 = ["i32.wrap_i64", "rs1"] as const;
const word2 = ["i32.wrap_i64", "rs2"] as const;
const wordImmediate = ["i32.wrap_i64", "imm"] as const;
const sextWord = (value: Expression): Expression => ["i64.extend_i32_s", value];
const zextWord = (value: Expression): Expression => ["i64.extend_i32_u", value];
const truth = (condition: Expression): Expression => ["i64.extend_i32_u", condition];
const sextRs1 = sextWord(word1);
const sextRs2 = sextWord(word2);

// Division never traps (Volume I, 13.2, table 11): x / 0 = -1, x % 0 = x, overflow gives the dividend and 0.
const signedQuotient = (a: Expression, b: Expression): Expression =>
  ["if", ["i64.eqz", b], -1, ["if", ["i64.eq", b, -1], ["i64.sub", 0, a], ["i64.div_s", a, b]]];
const signedRemainder = (a: Expression, b: Expression): Expression =>
  ["if", ["i64.eqz", b], a, ["i64.rem_s", a, b]];

// High half of the unsigned product by 32-bit limbs: WebAssembly has no widening 64-bit multiply.
const LOW = 0xffff_ffff;
const low = (value: Expression): Expression => ["i64.and", value, LOW];
const high = (value: Expression): Expression => ["i64.shr_u", value, 32];
const highProduct: Expression =
  ["let", "t0", ["i64.add", ["i64.mul", high("rs1"), low("rs2")], high(["i64.mul", low("rs1"), low("rs2")])],
    ["let", "t1", ["i64.add", ["i64.mul", low("rs1"), high("rs2")], low("t0")],
      ["i64.add", ["i64.mul", high("rs1"), high("rs2")], ["i64.add", high("t0"), high("t1")]]]];
const ifNegative = (value: Expression, then: Expression): Expression =>
  ["i64.and", ["i64.shr_s", value, 63], then];

export const INSTRUCTIONS = {
  lui: compute("U", 0x37, 0x7f, "imm"),
  auipc: compute("U", 0x17, 0x7f, ["i64.add", "pc", "imm"]),
  jal: { kind: "jump", format: "J", match: 0x6f, mask: 0x7f },
  jalr: { kind: "jump-register", format: "I", match: 0x67, mask: 0x707f },
  beq: branch(0, ["i64.eq", "rs1", "rs2"]),
  bne: branch(1, ["i64.ne", "rs1", "rs2"]),
  blt: branch(4, ["i64.lt_s", "rs1", "rs2"]),
  bge: branch(5, ["i64.ge_s", "rs1", "rs2"]),
  bltu: branch(6, ["i64.lt_u", "rs1", "rs2"]),
  bgeu: branch(7, ["i64.ge_u", "rs1", "rs2"]),
  lb: load(0, 1, "i64.load8_s"),
  lh: load(1, 2, "i64.load16_s"),
  lw: load(2, 4, "i64.load32_s"),
  ld: load(3, 8, "i64.load"),
  lbu: load(4, 1, "i64.load8_u"),
  lhu: load(5, 2, "i64.load16_u"),
  lwu: load(6, 4, "i64.load32_u"),
  sb: store(0, 1, "i64.store8"),
  sh: store(1, 2, "i64.store16"),
  sw: store(2, 4, "i64.store32"),
  sd: store(3, 8, "i64.store"),
  addi: I(0x0013, ["i64.add", "rs1", "imm"]),
  slti: I(0x2013, truth(["i64.lt_s", "rs1", "imm"])),
  sltiu: I(0x3013, truth(["i64.lt_u", "rs1", "imm"])),
  xori: I(0x4013, ["i64.xor", "rs1", "imm"]),
  ori: I(0x6013, ["i64.or", "rs1", "imm"]),
  andi: I(0x7013, ["i64.and", "rs1", "imm"]),
  slli: compute("shift", 0x1013, 0xfc00_707f, ["i64.shl", "rs1", "imm"]),
  srli: compute("shift", 0x5013, 0xfc00_707f, ["i64.shr_u", "rs1", "imm"]),
  srai: compute("shift", 0x4000_5013, 0xfc00_707f, ["i64.shr_s", "rs1", "imm"]),
  addiw: I(0x001b, sextWord(["i32.add", word1, wordImmediate])),
  slliw: compute("shiftw", 0x101b, 0xfe00_707f, sextWord(["i32.shl", word1, wordImmediate])),
  srliw: compute("shiftw", 0x501b, 0xfe00_707f, sextWord(["i32.shr_u", word1, wordImmediate])),
  sraiw: compute("shiftw", 0x4000_501b, 0xfe00_707f, sextWord(["i32.shr_s", word1, wordImmediate])),
  add: R(0x0033, ["i64.add", "rs1", "rs2"]),
  sub: R(0x4000_0033, ["i64.sub", "rs1", "rs2"]),
  // WebAssembly takes shift amounts modulo the width, as the specification does.
  sll: R(0x1033, ["i64.shl", "rs1", "rs2"]),
  slt: R(0x2033, truth(["i64.lt_s", "rs1", "rs2"])),
  sltu: R(0x3033, truth(["i64.lt_u", "rs1", "rs2"])),
  xor: R(0x4033, ["i64.xor", "rs1", "rs2"]),
  srl: R(0x5033, ["i64.shr_u", "rs1", "rs2"]),
  sra: R(0x4000_5033, ["i64.shr_s", "rs1", "rs2"]),
  or: R(0x6033, ["i64.or", "rs1", "rs2"]),
  and: R(0x7033, ["i64.and", "rs1", "rs2"]),
  addw: R(0x003b, sextWord(["i32.add", word1, word2])),
  subw: R(0x4000_003b, sextWord(["i32.sub", word1, word2])),
  sllw: R(0x103b, sextWord(["i32.shl", word1, word2])),
  srlw: R(0x503b, sextWord(["i32.shr_u", word1, word2])),
  sraw: R(0x4000_503b, sextWord(["i32.shr_s", word1, word2])),
  mul: R(0x0200_0033, ["i64.mul", "rs1", "rs2"]),
  mulh: R(0x0200_1033, ["i64.sub", ["i64.sub", highProduct, ifNegative("rs1", "rs2")], ifNegative("rs2", "rs1")]),
  mulhsu: R(0x0200_2033, ["i64.sub", highProduct, ifNegative("rs1", "rs2")]),
  mulhu: R(0x0200_3033, highProduct),
  div: R(0x0200_4033, signedQuotient("rs1", "rs2")),
  divu: R(0x0200_5033, ["if", ["i64.eqz", "rs2"], -1, ["i64.div_u", "rs1", "rs2"]]),
  rem: R(0x0200_6033, signedRemainder("rs1", "rs2")),
  remu: R(0x0200_7033, ["if", ["i64.eqz", "rs2"], "rs1", ["i64.rem_u", "rs1", "rs2"]]),
  mulw: R(0x0200_003b, sextWord(["i32.mul", word1, word2])),
  // In 64 bits the quotient of -2^31 by -1 does not overflow; its low word is the specified result.
  divw: R(0x0200_403b, ["if", ["i32.eqz", word2], -1,
    sextWord(["i32.wrap_i64", ["i64.div_s", sextRs1, sextRs2]])]),
  divuw: R(0x0200_503b, ["if", ["i32.eqz", word2], -1, sextWord(["i32.div_u", word1, word2])]),
  remw: R(0x0200_603b, ["if", ["i32.eqz", word2], sextRs1, ["i64.rem_s", sextRs1, sextRs2]]),
  remuw: R(0x0200_703b, ["if", ["i32.eqz", word2], sextRs1, sextWord(["i32.rem_u", word1, word2])]),

  "lr.w": { kind: "load-reserved", ...amoWord(0x02), mask: LR_MASK },
  "sc.w": { kind: "store-conditional", ...amoWord(0x03) },
  "amoswap.w": { kind: "atomic", ...amoWord(0x01), access: "i64.atomic.rmw32.xchg_u" },
  "amoadd.w": { kind: "atomic", ...amoWord(0x00), access: "i64.atomic.rmw32.add_u" },
  "amoxor.w": { kind: "atomic", ...amoWord(0x04), access: "i64.atomic.rmw32.xor_u" },
  "amoand.w": { kind: "atomic", ...amoWord(0x0c), access: "i64.atomic.rmw32.and_u" },
  "amoor.w": { kind: "atomic", ...amoWord(0x08), access: "i64.atomic.rmw32.or_u" },
  "amomin.w": { kind: "atomic-loop", ...amoWord(0x10), value: ["if", ["i64.lt_s", "t0", sextRs2], "t0", sextRs2] },
  "amomax.w": { kind: "atomic-loop", ...amoWord(0x14), value: ["if", ["i64.gt_s", "t0", sextRs2], "t0", sextRs2] },
  "amominu.w": { kind: "atomic-loop", ...amoWord(0x18), value: ["if", ["i64.lt_u", low("t0"), zextWord(word2)], "t0", sextRs2] },
  "amomaxu.w": { kind: "atomic-loop", ...amoWord(0x1c), value: ["if", ["i64.gt_u", low("t0"), zextWord(word2)], "t0", sextRs2] },
  "lr.d": { kind: "load-reserved", ...amoDouble(0x02), mask: LR_MASK },
  "sc.d": { kind: "store-conditional", ...amoDouble(0x03) },
  "amoswap.d": { kind: "atomic", ...amoDouble(0x01), access: "i64.atomic.rmw.xchg" },
  "amoadd.d": { kind: "atomic", ...amoDouble(0x00), access: "i64.atomic.rmw.add" },
  "amoxor.d": { kind: "atomic", ...amoDouble(0x04), access: "i64.atomic.rmw.xor" },
  "amoand.d": { kind: "atomic", ...amoDouble(0x0c), access: "i64.atomic.rmw.and" },
  "amoor.d": { kind: "atomic", ...amoDouble(0x08), access: "i64.atomic.rmw.or" },
  "amomin.d": { kind: "atomic-loop", ...amoDouble(0x10), value: ["if", ["i64.lt_s", "t0", "rs2"], "t0", "rs2"] },
  "amomax.d": { kind: "atomic-loop", ...amoDouble(0x14), value: ["if", ["i64.gt_s", "t0", "rs2"], "t0", "rs2"] },
  "amominu.d": { kind: "atomic-loop", ...amoDouble(0x18), value: ["if", ["i64.lt_u", "t0", "rs2"], "t0", "rs2"] },
  "amomaxu.d": { kind: "atomic-loop", ...amoDouble(0x1c), value: ["if", ["i64.gt_u", "t0", "rs2"], "t0", "rs2"] },

  // Every fence orders everything; rd and rs1 are reserved and ignored (Volume I, 2.7).
  fence: { kind: "fence", format: "none", match: 0x000f, mask: 0x707f },
  "fence.i": system(0x100f, 0x707f),
  csrrw: system(0x1073, 0x707f),
  csrrs: system(0x2073, 0x707f),
  csrrc: system(0x3073, 0x707f),
  csrrwi: system(0x5073, 0x707f),
  csrrsi: system(0x6073, 0x707f),
  csrrci: system(0x7073, 0x707f),
  ecall: system(0x0000_0073, 0xffff_ffff),
  ebreak: system(0x0010_0073, 0xffff_ffff),
  sret: system(0x1020_0073, 0xffff_ffff),
  mret: system(0x3020_0073, 0xffff_ffff),
  wfi: system(0x1050_0073, 0xffff_ffff),
  "sfence.vma": system(0x1200_0073, 0xfe00_7fff),
  "hfence.vvma": system(0x2200_0073, 0xfe00_7fff),
  "hfence.gvma": system(0x6200_0073, 0xfe00_7fff),
  // HLV, HLVX and HSV: never executed by a guest here; they raise what the specification says.
  "hypervisor-access": system(0x6000_4073, 0xf000_707f),
} as const satisfies Record<string, Instruction>;

export type Mnemonic = keyof typeof INSTRUCTIONS;
export const MNEMONICS = Object.keys(INSTRUCTIONS) as Mnemonic[];
/** By number, as the predecoded form refers to them. */
export const BY_NUMBER: readonly Instruction[] = Object.values(INSTRUCTIONS);
