// From instruction words to operations with operands.

import { COMPRESSED, compressedImmediate, compressedRegister } from "./compressed.ts";
import type { Compressed } from "./compressed.ts";
import { BY_NUMBER, INSTRUCTIONS, MNEMONICS } from "./table.ts";
import type { Format } from "./table.ts";

export interface Decoded {
  /** Index into BY_NUMBER. */
  readonly number: number;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  /** Sign-extended; for instructions of kind "system" the 32-bit word. */
  readonly immediate: number;
  readonly bytes: 2 | 4;
}

/**
 * Decodes the instruction at the start of `word` (32 bits; only the low 16 matter when they are a compressed
 * one). Null: illegal.
 */
export function decode(word: number): Decoded | null {
  if ((word & 3) !== 3) return decodeCompressed(word & 0xffff);
  for (const number of candidates(word)) {
    const { match, mask, format, kind } = BY_NUMBER[number];
    if (((word & mask) >>> 0) !== match) continue;
    return {
      number,
      rd: (word >>> 7) & 31,
      rs1: (word >>> 15) & 31,
      rs2: (word >>> 20) & 31,
      immediate: kind === "system" ? word | 0 : immediateOf(word, format),
      bytes: 4,
    };
  }
  return null;
}

/** Bytes of the instruction that begins with this halfword. */
export function instructionBytes(half: number): 2 | 4 {
  return (half & 3) === 3 ? 4 : 2;
}

function immediateOf(word: number, format: Format): number {
  switch (format) {
    case "I": return word >> 20;
    case "S": return ((word >> 25) << 5) | ((word >>> 7) & 31);
    case "B":
      return ((word >> 31) << 12) | (((word >>> 7) & 1) << 11) | (((word >>> 25) & 63) << 5) | (((word >>> 8) & 15) << 1);
    case "U": return word & ~0xfff;
    case "J":
      return ((word >> 31) << 20) | (((word >>> 12) & 255) << 12) | (((word >>> 20) & 1) << 11) | (((word >>> 21) & 1023) << 1);
    case "shift": return (word >>> 20) & 63;
    case "shiftw": return (word >>> 20) & 31;
    case "R":
    case "none": return 0;
  }
}

// ---- look-up tables -----------------------------------------------------------------------------

/** Instruction numbers by opcode (bits 6..2) and funct3. */
const BY_OPCODE: readonly number[][] = Array.from({ length: 256 }, (_, index) => {
  const word = ((index >> 3) << 2) | 3 | ((index & 7) << 12);
  return BY_NUMBER.flatMap(({ match, mask }, number) => {
    const common = mask & 0x707f;
    return (word & common) === (match & common) ? [number] : [];
  });
});

function candidates(word: number): readonly number[] {
  return BY_OPCODE[(((word >>> 2) & 31) << 3) | ((word >>> 12) & 7)];
}

const COMPRESSED_WORDS: (Decoded | null | undefined)[] = new Array<Decoded | null | undefined>(0x1_0000);
const EBREAK = MNEMONICS.indexOf("ebreak");

function decodeCompressed(half: number): Decoded | null {
  return (COMPRESSED_WORDS[half] ??= expand(half));
}

function expand(half: number): Decoded | null {
  const form = COMPRESSED.find(({ match, mask }) => (half & mask) === match);
  if (form === undefined) return null;
  const immediate = compressedImmediate(half, form);
  if (isReserved(half, form, immediate)) return null;
  const number = MNEMONICS.indexOf(form.expands);
  return {
    number,
    rd: compressedRegister(half, form.rd),
    rs1: compressedRegister(half, form.rs1),
    rs2: compressedRegister(half, form.rs2),
    immediate: number === EBREAK ? INSTRUCTIONS.ebreak.match : immediate,
    bytes: 2,
  };
}

function isReserved(half: number, form: Compressed, immediate: number): boolean {
  switch (form.reserved) {
    case "zero-rd": return ((half >> 7) & 31) === 0;
    case "zero-immediate": return immediate === 0;
    default: return false;
  }
}
