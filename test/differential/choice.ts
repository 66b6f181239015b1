// Random choices of registers and instructions.

import { INSTRUCTIONS, MNEMONICS, type Instruction, type Mnemonic } from "../../engines/machine/instructions/table.ts";
import type { Random } from "./random.ts";

/** Points at the scratch buffer; no item writes it. */
export const GP = 3;
export const LINK = 1;
export const STACK_POINTER = 2;
/** How deep the shared recursive function goes. */
export const ARGUMENT = 10;
/** Loop counters: what shared code never writes. */
export const COUNTERS = [18, 19, 20, 21, 22, 23, 24, 25, 26, 27] as const;

/** Instructions of these kinds, from the machine's table. */
export function mnemonicsOf(...kinds: readonly Instruction["kind"][]): readonly Mnemonic[] {
  return MNEMONICS.filter((mnemonic) => kinds.includes(INSTRUCTIONS[mnemonic].kind));
}

/** Bytes that a load, store or atomic accesses. */
export function bytesOf(mnemonic: Mnemonic): number {
  const instruction: Instruction = INSTRUCTIONS[mnemonic];
  return "bytes" in instruction ? instruction.bytes : 0;
}

/** Chooses registers, and never writes those that are kept. */
export class Choice {
  readonly random: Random;
  readonly kept: ReadonlySet<number>;

  /** `kept`: registers that no item may write, gp apart. */
  constructor(random: Random, kept: readonly number[]) {
    this.random = random;
    this.kept = new Set([GP, ...kept]);
  }

  /** The same, with more registers kept. */
  keeping(...more: readonly number[]): Choice {
    return new Choice(this.random, [...this.kept, ...more]);
  }

  /** A register to read. */
  any(): number {
    return this.random.between(0, 31);
  }

  /** A register to write. */
  target(): number {
    for (;;) {
      const register = this.any();
      if (!this.kept.has(register)) return register;
    }
  }

  /** A register to write that is not x0, nor one of `others`. */
  fresh(...others: readonly number[]): number {
    for (;;) {
      const register = this.target();
      if (register !== 0 && !others.includes(register)) return register;
    }
  }
}
