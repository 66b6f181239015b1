// Checks moved to the start of a block. Accesses whose addresses are a register's value at the block's start plus
// constants are checked there, all that share a register at once. If a check does not hold (a channel window, a
// device, a fault), the interpreter takes over at the start of the block; else the block runs without checks. So it
// has no exits in its middle, for which registers that nobody reads any more would have to be kept.

import { BY_NUMBER, MNEMONICS } from "../instructions/table.ts";
import type { Block, Located } from "./blocks.ts";

/** Accesses to [register + from, register + to) */
export interface CheckedRange {
  readonly register: number;
  readonly from: number;
  readonly to: number;
}

export interface Hoisting {
  readonly ranges: readonly CheckedRange[];
  /** Indexes in the block's body of the accesses that the ranges cover. */
  readonly covered: ReadonlySet<number>;
}

/** A range any longer is not worth one check: it would hardly ever hold at the ends of memory. */
const LONGEST_RANGE = 0x1_0000;

/** What a register holds: its or another's value at the start of the block, plus a constant. */
interface Origin {
  readonly register: number;
  readonly offset: number;
}

/** For a RAM window of `windowBytes`. Null: nothing to move. */
export function hoistChecks(block: Block, windowBytes: number): Hoisting | null {
  const origins: (Origin | null)[] = Array.from({ length: 32 }, (_, register) => ({ register, offset: 0 }));
  const ranges = new Map<number, { from: number; to: number }>();
  const covered = new Set<number>();
  block.body.forEach((instruction, index) => {
    const meaning = BY_NUMBER[instruction.number];
    if (meaning.kind === "load" || meaning.kind === "store") {
      const origin = origins[instruction.rs1];
      if (instruction.rs1 !== 0 && origin !== null) {
        const from = origin.offset + instruction.immediate;
        if (extend(ranges, origin.register, from, from + meaning.bytes, windowBytes)) covered.add(index);
      }
    }
    if (meaning.kind !== "store" && meaning.kind !== "fence" && instruction.rd !== 0) {
      origins[instruction.rd] = originOf(instruction, origins);
    }
  });
  if (covered.size === 0) return null;
  return { ranges: [...ranges].map(([register, range]) => ({ register, ...range })), covered };
}

function extend(
  ranges: Map<number, { from: number; to: number }>, register: number, from: number, to: number, windowBytes: number,
): boolean {
  const known = ranges.get(register);
  const wider = known === undefined ? { from, to } : { from: Math.min(from, known.from), to: Math.max(to, known.to) };
  if (wider.to - wider.from > Math.min(LONGEST_RANGE, windowBytes)) return false;
  ranges.set(register, wider);
  return true;
}

const ADDI = MNEMONICS.indexOf("addi");
const ADD = MNEMONICS.indexOf("add");

function originOf(instruction: Located, origins: readonly (Origin | null)[]): Origin | null {
  const base = origins[instruction.rs1];
  if (instruction.rs1 !== 0 && base !== null && instruction.number === ADDI) {
    return { register: base.register, offset: base.offset + instruction.immediate };
  }
  // `mv` in its compressed form is an addition to x0.
  if (instruction.number === ADD && instruction.rs1 === 0 && instruction.rs2 !== 0) return origins[instruction.rs2];
  return null;
}
