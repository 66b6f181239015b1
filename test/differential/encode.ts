// Encodes instructions from the machine's own tables, so that what is generated follows them. The layout of
// the formats is written down here a second time, from the specification (Volume I, 2.2 and 2.3).

import { COMPRESSED, type Compressed } from "../../engines/machine/instructions/compressed.ts";
import { INSTRUCTIONS, type Instruction, type Mnemonic } from "../../engines/machine/instructions/table.ts";

export interface Operands {
  readonly rd?: number;
  readonly rs1?: number;
  readonly rs2?: number;
  readonly immediate?: number;
}

export function encode(mnemonic: Mnemonic, operands: Operands = {}): number {
  const instruction: Instruction = INSTRUCTIONS[mnemonic];
  const rd = (operands.rd ?? 0) << 7;
  const rs1 = (operands.rs1 ?? 0) << 15;
  const rs2 = (operands.rs2 ?? 0) << 20;
  const immediate = operands.immediate ?? 0;
  const { match } = instruction;
  switch (instruction.format) {
    case "R": return match | rd | rs1 | rs2;
    case "I": return match | rd | rs1 | (immediate << 20);
    case "shift": return match | rd | rs1 | ((immediate & 63) << 20);
    case "shiftw": return match | rd | rs1 | ((immediate & 31) << 20);
    case "S": return match | rs1 | rs2 | field(immediate, 11, 5, 25) | field(immediate, 4, 0, 7);
    case "B":
      return match | rs1 | rs2 | field(immediate, 12, 12, 31) | field(immediate, 10, 5, 25)
        | field(immediate, 4, 1, 8) | field(immediate, 11, 11, 7);
    case "U": return match | rd | (immediate & ~0xfff);
    case "J":
      return match | rd | field(immediate, 20, 20, 31) | field(immediate, 10, 1, 21)
        | field(immediate, 11, 11, 20) | field(immediate, 19, 12, 12);
    case "none": return match;
  }
}

export type CsrMnemonic = "csrrw" | "csrrs" | "csrrc" | "csrrwi" | "csrrsi" | "csrrci";

/** `source` is a register, or the 5-bit immediate of the forms with one. */
export function encodeCsr(mnemonic: CsrMnemonic, rd: number, csr: number, source: number): number {
  return INSTRUCTIONS[mnemonic].match | (rd << 7) | (source << 15) | (csr << 20);
}

/** The compressed forms that stand for one of these instructions. */
export function compressedForms(wanted: (instruction: Instruction) => boolean): readonly Compressed[] {
  return COMPRESSED.filter((form) => wanted(INSTRUCTIONS[form.expands]));
}

/** A compressed jump or branch of the form, with `register` in its rs1' field where it has one. */
export function encodeCompressedTransfer(form: Compressed, register: number, immediate: number): number {
  let word = form.match;
  if (form.rs1 === "rd'") word |= (register - 8) << 7;
  for (const [inWord, inOperand] of form.immediate) word |= ((immediate >> inOperand) & 1) << inWord;
  return word;
}

function field(immediate: number, high: number, low: number, at: number): number {
  return ((immediate >> low) & ((1 << (high - low + 1)) - 1)) << at;
}
