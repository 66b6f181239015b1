// Instruction semantics to WebAssembly: one walk over an expression tree.

import type { Expression, Operand } from "../instructions/expression.ts";
import type { Code } from "../wasm/code.ts";
import { I64 } from "../wasm/opcodes.ts";
import type { Operator } from "../wasm/opcodes.ts";

/** Where an instruction's operands come from: predecoded fields (interpreter) or locals (translator). */
export interface Operands {
  /** The value if it is known while translating. */
  known(operand: "rs1" | "rs2" | "imm" | "pc"): number | null;
  /** Pushes the value (i64). */
  push(code: Code, operand: "rs1" | "rs2" | "imm" | "pc"): void;
  /** Pushes its low 32 bits (i32). */
  pushWord(code: Code, operand: "rs1" | "rs2"): void;
}

/** Leaves the value of `expression` on the stack. `temporaries` is the first of four i64 locals. */
export function emitExpression(code: Code, expression: Expression, operands: Operands, temporaries: number): void {
  if (typeof expression === "number") {
    code.i64(expression);
    return;
  }
  if (typeof expression === "string") {
    emitOperand(code, expression, operands, temporaries);
    return;
  }
  if (expression[0] === "if") {
    emitExpression(code, expression[1], operands, temporaries);
    code.if(I64);
    emitExpression(code, expression[2], operands, temporaries);
    code.else();
    emitExpression(code, expression[3], operands, temporaries);
    code.end();
    return;
  }
  if (expression[0] === "let") {
    emitExpression(code, expression[2], operands, temporaries);
    code.set(temporaries + temporaryIndex(expression[1]));
    emitExpression(code, expression[3], operands, temporaries);
    return;
  }
  emitOperation(code, expression, operands, temporaries);
}

function emitOperation(
  code: Code,
  expression: readonly [Operator, Expression] | readonly [Operator, Expression, Expression],
  operands: Operands,
  temporaries: number,
): void {
  const [operator, first, second] = expression;
  // `mv` and `li` are additions of zero: emit them as what they are.
  if (operator === "i64.add" && second !== undefined) {
    if (knownValue(second, operands) === 0) return emitExpression(code, first, operands, temporaries);
    if (knownValue(first, operands) === 0) return emitExpression(code, second, operands, temporaries);
  }
  if (operator === "i32.wrap_i64" && (first === "rs1" || first === "rs2")) return operands.pushWord(code, first);
  emitExpression(code, first, operands, temporaries);
  if (second !== undefined) emitExpression(code, second, operands, temporaries);
  code.op(operator);
}

function knownValue(expression: Expression, operands: Operands): number | null {
  if (typeof expression === "number") return expression;
  if (expression === "rs1" || expression === "rs2" || expression === "imm" || expression === "pc") {
    return operands.known(expression);
  }
  return null;
}

function emitOperand(code: Code, operand: Operand, operands: Operands, temporaries: number): void {
  switch (operand) {
    case "t0": case "t1": case "t2": case "t3":
      code.get(temporaries + temporaryIndex(operand));
      return;
    default: {
      const known = operands.known(operand);
      if (known === null) operands.push(code, operand);
      else code.i64(known);
    }
  }
}

function temporaryIndex(name: "t0" | "t1" | "t2" | "t3"): number {
  return Number(name[1]);
}
