// Instructions that compute, and fences.

import type { Compressed } from "../../engines/machine/instructions/compressed.ts";
import { decode } from "../../engines/machine/instructions/decode.ts";
import { INSTRUCTIONS, MNEMONICS, type Mnemonic } from "../../engines/machine/instructions/table.ts";
import { mnemonicsOf, type Choice } from "./choice.ts";
import { compressedForms, encode } from "./encode.ts";
import { simple, type Item } from "./item.ts";

const COMPUTES = mnemonicsOf("compute");
const COMPRESSED_COMPUTES = compressedForms(({ kind }) => kind === "compute");

export function compute(choice: Choice, mnemonic: Mnemonic = choice.random.pick(COMPUTES)): Item {
  const rd = choice.target();
  // Now and then both sources are one register.
  const rs1 = choice.any();
  const rs2 = choice.random.chance(1, 10) ? rs1 : choice.any();
  const immediate = choice.random.chance(1, 4) ? choice.random.pick([0, 1, -1, -2048 << 12, 2047]) : choice.random.bits();
  return simple(mnemonic, (code) => code.raw(4, encode(mnemonic, { rd, rs1, rs2, immediate })));
}

export function computeCompressed(choice: Choice): Item {
  for (;;) {
    const word = compressedWord(choice, choice.random.pick(COMPRESSED_COMPUTES));
    const decoded = decode(word);
    if (decoded === null || choice.kept.has(decoded.rd)) continue;
    // Forms share words: c.add with no rs2 is a jump.
    if (INSTRUCTIONS[MNEMONICS[decoded.number]].kind !== "compute") continue;
    return simple(`c.${MNEMONICS[decoded.number]}`, (code) => code.raw(2, word));
  }
}

export function fence(choice: Choice): Item {
  const mnemonic = choice.random.pick(["fence", "fence.i", "sfence.vma"] as const);
  const { match, mask } = INSTRUCTIONS[mnemonic];
  const word = match | (choice.random.bits() & ~mask);
  return simple(mnemonic, (code) => code.raw(4, word));
}

/** A word of the form with random operands, which may be reserved. */
export function compressedWord(choice: Choice, form: Compressed): number {
  return form.match | (choice.random.bits() & ~form.mask & 0xffff);
}
