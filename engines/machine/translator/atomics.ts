// AMO, LR and SC as WebAssembly atomics: sequentially consistent, whatever aq and rl say.

import type { Meaning } from "../instructions/table.ts";
import { HART } from "../layout.ts";
import type { Code } from "../wasm/code.ts";
import type { Access } from "../wasm/opcodes.ts";
import { emitExpression } from "./expressions.ts";
import type { Operands } from "./expressions.ts";

/** Locals: the hart's state, and the host offset of the word. */
export interface AtomicContext {
  readonly state: number;
  readonly offset: number;
}

export type AtomicMeaning = Extract<
  Meaning, { kind: "atomic" | "atomic-loop" | "load-reserved" | "store-conditional" }
>;

/** In HART.reservation, a doubleword's host offset is marked by bit 0: LR.W does not pair with SC.D. */
const DOUBLEWORD_MARK = 1;

/** Executes the atomic at context.offset (aligned); leaves what rd becomes in local `result`. */
export function emitAtomic(
  code: Code, meaning: AtomicMeaning, context: AtomicContext, operands: Operands, temporaries: number, result: number,
): void {
  switch (meaning.kind) {
    case "atomic":
      code.get(context.offset);
      emitExpression(code, "rs2", operands, temporaries);
      code.access(meaning.access);
      if (meaning.bytes === 4) signExtendWord(code);
      code.set(result);
      return;
    case "atomic-loop":
      return emitLoop(code, meaning, context, operands, temporaries, result);
    case "load-reserved":
      return emitLoadReserved(code, meaning.bytes, context, result);
    case "store-conditional":
      return emitStoreConditional(code, meaning.bytes, context, operands, temporaries, result);
  }
}

function emitLoop(
  code: Code, meaning: Extract<AtomicMeaning, { kind: "atomic-loop" }>, context: AtomicContext,
  operands: Operands, temporaries: number, result: number,
): void {
  const old = temporaries; // t0 of the expression
  const found = temporaries + 1;
  code.get(context.offset);
  code.access(loadOf(meaning.bytes));
  if (meaning.bytes === 4) signExtendWord(code);
  code.set(old);
  const done = code.block();
  const again = code.loop();
  code.get(context.offset);
  pushUnsigned(code, old, meaning.bytes);
  emitExpression(code, meaning.value, operands, temporaries);
  code.access(exchangeOf(meaning.bytes));
  if (meaning.bytes === 4) signExtendWord(code);
  code.tee(found);
  code.get(old);
  code.op("i64.eq");
  code.brIf(done);
  code.get(found);
  code.set(old);
  code.br(again);
  code.end();
  code.end();
  code.get(old);
  code.set(result);
}

function emitLoadReserved(code: Code, bytes: 4 | 8, context: AtomicContext, result: number): void {
  code.get(context.state);
  code.get(context.offset);
  code.access(loadOf(bytes));
  code.tee(result);
  code.access("i64.store", HART.reservationValue);
  code.get(context.state);
  pushMark(code, bytes, context);
  code.access("i64.store", HART.reservation);
  if (bytes === 4) {
    code.get(result);
    signExtendWord(code);
    code.set(result);
  }
}

/**
 * Succeeds if the word still has the value LR read: a word changed and changed back in between goes unnoticed
 * (the ABA limit of compare-exchange). The reservation is given up either way.
 */
function emitStoreConditional(
  code: Code, bytes: 4 | 8, context: AtomicContext, operands: Operands, temporaries: number, result: number,
): void {
  code.i64(1);
  code.set(result);
  code.get(context.state);
  code.access("i64.load", HART.reservation);
  pushMark(code, bytes, context);
  code.op("i64.eq");
  code.if();
  code.get(context.offset);
  code.get(context.state);
  code.access("i64.load", HART.reservationValue);
  emitExpression(code, "rs2", operands, temporaries);
  if (bytes === 4) {
    code.i64(0xffff_ffff);
    code.op("i64.and");
  }
  code.access(exchangeOf(bytes));
  code.get(context.state);
  code.access("i64.load", HART.reservationValue);
  code.op("i64.ne");
  code.op("i64.extend_i32_u");
  code.set(result);
  code.end();
  code.get(context.state);
  code.i64(-1);
  code.access("i64.store", HART.reservation);
}

function pushMark(code: Code, bytes: 4 | 8, context: AtomicContext): void {
  code.get(context.offset);
  if (bytes === 8) {
    code.i32(DOUBLEWORD_MARK);
    code.op("i32.or");
  }
  code.op("i64.extend_i32_u");
}

function pushUnsigned(code: Code, local: number, bytes: 4 | 8): void {
  code.get(local);
  if (bytes === 4) {
    code.i64(0xffff_ffff);
    code.op("i64.and");
  }
}

function signExtendWord(code: Code): void {
  code.op("i32.wrap_i64");
  code.op("i64.extend_i32_s");
}

function loadOf(bytes: 4 | 8): Access {
  return bytes === 4 ? "i64.atomic.load32_u" : "i64.atomic.load";
}

function exchangeOf(bytes: 4 | 8): Access {
  return bytes === 4 ? "i64.atomic.rmw32.cmpxchg_u" : "i64.atomic.rmw.cmpxchg";
}
