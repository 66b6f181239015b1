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
  /** Some of them are stores. */
  readonly writes: boolean;
}

/** Where a covered access lies. */
export interface CoveredAccess {
  /** Index of its range. */
  readonly range: number;
  /** From the range's register. */
  readonly offset: number;
}

export interface Hoisting {
  readonly ranges: readonly CheckedRange[];
  /** By index in the block's body: the accesses that the ranges cover. */
  readonly covered: ReadonlyMap<number, CoveredAccess>;
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
  const ranges = new Map<number, Range>();
  const covered = new Map<number, CoveredAccess>();
  block.body.forEach((instruction, index) => {
    const meaning = BY_NUMBER[instruction.number];
    if (meaning.kind === "load" || meaning.kind === "store") {
      const origin = origins[instruction.rs1];
      if (instruction.rs1 !== 0 && origin !== null) {
        const from = origin.offset + instruction.immediate;
        const range = extend(ranges, origin.register, from, from + meaning.bytes, meaning.kind === "store", windowBytes);
        if (range !== null) covered.set(index, { range, offset: from });
      }
    }
    if (meaning.kind !== "store" && meaning.kind !== "fence" && instruction.rd !== 0) {
      origins[instruction.rd] = originOf(instruction, origins);
    }
  });
  if (covered.size === 0) return null;
  return { ranges: [...ranges].map(([register, { from, to, writes }]) => ({ register, from, to, writes })), covered };
}

interface Range {
  readonly number: number;
  from: number;
  to: number;
  writes: boolean;
}

/** Makes an access part of its register's range, and answers the range's number; null: that would be too long. */
function extend(
  ranges: Map<number, Range>, register: number, from: number, to: number, writes: boolean, windowBytes: number,
): number | null {
  const known = ranges.get(register);
  const wider = known === undefined
    ? { number: ranges.size, from, to, writes }
    : { number: known.number, from: Math.min(from, known.from), to: Math.max(to, known.to), writes: known.writes || writes };
  if (wider.to - wider.from > Math.min(LONGEST_RANGE, windowBytes)) return null;
  ranges.set(register, wider);
  return wider.number;
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
