// The language in which instruction semantics are written: trees of WebAssembly operators over an
// instruction's operands. A tree is data, so one table serves interpreter, translator and tests.

import type { Operator } from "../wasm/opcodes.ts";

/** Operands: register values, the sign-extended immediate, the instruction's own address, `let` names. */
export type Operand = "rs1" | "rs2" | "imm" | "pc" | "t0" | "t1" | "t2" | "t3";

export type Expression =
  | Operand
  /** An i64 constant. */
  | number
  | readonly [Operator, Expression]
  | readonly [Operator, Expression, Expression]
  /** Condition (i32), then, else: both i64, only one is evaluated. */
  | readonly ["if", Expression, Expression, Expression]
  /** Name a value (i64) for use in the last expression. */
  | readonly ["let", "t0" | "t1" | "t2" | "t3", Expression, Expression];

/** Which operands an expression reads. */
export function operandsOf(expression: Expression, found = new Set<Operand>()): Set<Operand> {
  if (typeof expression === "string") found.add(expression);
  else if (typeof expression === "object") {
    for (const part of expression.slice(1)) {
      if (typeof part !== "string" || !isOperatorName(part)) operandsOf(part as Expression, found);
    }
  }
  return found;
}

function isOperatorName(text: string): boolean {
  return text.includes(".");
}
