// 32-bit values: which registers are certain to hold the sign extension of their low 32 bits. Much of what compilers
// emit for `int` never asks for more than those: they are kept in i32 locals, and extended where all 64 are wanted.

import type { Expression } from "../instructions/expression.ts";
import { BY_NUMBER } from "../instructions/table.ts";
import type { Operator } from "../wasm/opcodes.ts";
import { successors } from "./blocks.ts";
import type { Block, Located, Unit } from "./blocks.ts";
import type { Flow } from "./flow.ts";
import { isBarrier } from "./registers.ts";
import type { RegisterSet } from "./registers.ts";

const WORD_OPERATORS = { "i64.and": "i32.and", "i64.or": "i32.or", "i64.xor": "i32.xor" } as const;
/** Comparisons that come out the same for the low words of two sign-extended values. */
const WORD_COMPARISONS: Partial<Record<string, Operator>> = {
  "i64.eq": "i32.eq", "i64.ne": "i32.ne", "i64.lt_s": "i32.lt_s", "i64.ge_s": "i32.ge_s", "i64.lt_u": "i32.lt_u", "i64.ge_u": "i32.ge_u",
};

/** `words`: of the registers that the instruction reads, those known to be words. */
type Words = (register: number) => boolean;

/** The low 32 bits of what the instruction computes, as an expression of type i32, if it is certain to be a word. */
export function asWord(value: Expression, instruction: Located, words: Words): Expression | null {
  if (value === "imm") return ["i32.wrap_i64", "imm"];
  if (typeof value !== "object") return null;
  if (value[0] === "i64.extend_i32_s") return value[1];
  const [operator, first, second] = value;
  if (second === undefined || !isWord(first, instruction, words) || !isWord(second, instruction, words)) return null;
  if (operator === "i64.and" || operator === "i64.or" || operator === "i64.xor") {
    return [WORD_OPERATORS[operator], ["i32.wrap_i64", first], ["i32.wrap_i64", second]];
  }
  // `mv`: the sum of a register and zero.
  const isZero = (operand: Expression): boolean =>
    (operand === "imm" && instruction.immediate === 0) || (operand === "rs1" && instruction.rs1 === 0);
  if (operator !== "i64.add") return null;
  if (isZero(second)) return ["i32.wrap_i64", first];
  return isZero(first) ? ["i32.wrap_i64", second] : null;
}

/** A condition of 64-bit values as one of their low words, if that is the same. */
export function onWords(condition: Expression, instruction: Located, words: Words): Expression {
  if (typeof condition !== "object") return condition;
  const [operator, first, second] = condition;
  const comparison = WORD_COMPARISONS[operator];
  if (comparison === undefined || second === undefined) return condition;
  if (!isWord(first, instruction, words) || !isWord(second, instruction, words)) return condition;
  return [comparison, ["i32.wrap_i64", first], ["i32.wrap_i64", second]];
}

function isWord(operand: Expression, instruction: Located, words: Words): boolean {
  return operand === "imm" || (operand === "rs1" && words(instruction.rs1)) || (operand === "rs2" && words(instruction.rs2));
}

/** By block: the registers that hold words at its start, whichever way control comes there within the unit. */
export function wordsAtStart(unit: Unit, flow: Flow): RegisterSet[] {
  const atStart = new Array<RegisterSet>(unit.blocks.length).fill(-1);
  atStart[0] = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (const node of flow.order) {
      const block = unit.blocks[node];
      const out = isBarrier(block) ? 0 : wordsAtEnd(block, atStart[node]);
      for (const to of successors(block.ending)) {
        if ((atStart[to] & out) === atStart[to]) continue;
        atStart[to] &= out;
        changed = true;
      }
    }
  }
  return atStart;
}

function wordsAtEnd(block: Block, atStart: RegisterSet): RegisterSet {
  let words = atStart;
  const known: Words = (register) => register === 0 || ((words >>> register) & 1) !== 0;
  for (const instruction of block.body) {
    const meaning = BY_NUMBER[instruction.number];
    if (meaning.kind === "store" || meaning.kind === "fence" || instruction.rd === 0) continue;
    const gained = (meaning.kind === "compute" && asWord(meaning.value, instruction, known) !== null) ||
      (meaning.kind === "load" && meaning.access === WORD_LOAD);
    words = gained ? words | (1 << instruction.rd) : words & ~(1 << instruction.rd);
  }
  return words;
}

/** The load that extends a word to what a register then holds. */
export const WORD_LOAD = "i64.load32_s";
