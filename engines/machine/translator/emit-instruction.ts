// The instructions of a unit's blocks that fall through to the next one.

import { BY_NUMBER } from "../instructions/table.ts";
import { RAM_BASE, RIGHT } from "../layout.ts";
import type { Code } from "../wasm/code.ts";
import { emitAtomic } from "./atomics.ts";
import type { Located } from "./blocks.ts";
import { emitExpression } from "./expressions.ts";
import type { Operands } from "./expressions.ts";
import { emitHostOffset } from "./memory-access.ts";
import type { AccessContext } from "./memory-access.ts";
import { LOCAL } from "./unit-locals.ts";
import type { UnitLocals } from "./unit-locals.ts";

export function operandsFrom(instruction: Located, locals: UnitLocals): Operands {
  return {
    known(operand) {
      switch (operand) {
        case "rs1": return instruction.rs1 === 0 ? 0 : null;
        case "rs2": return instruction.rs2 === 0 ? 0 : null;
        case "imm": return instruction.immediate;
        case "pc": return instruction.pc;
      }
    },
    push(code, operand) {
      locals.push(code, operand === "rs1" ? instruction.rs1 : instruction.rs2);
    },
  };
}

/** `leave` emits what stops the unit before this instruction, so that the interpreter executes it. */
export function emitInstruction(
  code: Code, instruction: Located, locals: UnitLocals, resolve: number, leave: () => void,
): void {
  const meaning = BY_NUMBER[instruction.number];
  const operands = operandsFrom(instruction, locals);
  const write = (): void => {
    if (instruction.rd === 0) code.drop();
    else code.set(locals.of(instruction.rd));
  };
  const context: AccessContext = {
    state: LOCAL.state, address: LOCAL.address, offset: LOCAL.offset, resolve,
    pushRamLimit: () => code.get(LOCAL.ramLimit),
    pushRamOffset: () => code.get(LOCAL.ramOffset),
    fail: leave,
  };
  switch (meaning.kind) {
    case "compute":
      if (instruction.rd === 0) return;
      emitExpression(code, meaning.value, operands, locals.temporaries);
      write();
      return;
    case "fence":
      code.fence();
      return;
    case "load":
      pushAddress(code, instruction, locals, instruction.immediate);
      emitHostOffset(code, context, meaning.bytes, RIGHT.read, false);
      code.get(LOCAL.offset);
      code.access(meaning.access);
      write();
      return;
    case "store":
      pushAddress(code, instruction, locals, instruction.immediate);
      emitHostOffset(code, context, meaning.bytes, RIGHT.write, false);
      code.get(LOCAL.offset);
      locals.push(code, instruction.rs2);
      code.access(meaning.access);
      return;
    case "atomic":
    case "atomic-loop":
    case "load-reserved":
    case "store-conditional": {
      const rights = meaning.kind === "load-reserved" ? RIGHT.read : RIGHT.read | RIGHT.write;
      pushAddress(code, instruction, locals, 0);
      emitHostOffset(code, context, meaning.bytes, rights, true);
      emitAtomic(code, meaning, context, operands, locals.temporaries, LOCAL.answer);
      code.get(LOCAL.answer);
      write();
      return;
    }
    default:
      throw new Error(`${meaning.kind} ends a block`);
  }
}

function pushAddress(code: Code, instruction: Located, locals: UnitLocals, immediate: number): void {
  if (instruction.rs1 === 0) {
    code.i64(immediate - RAM_BASE);
    return;
  }
  locals.push(code, instruction.rs1);
  code.i64(immediate - RAM_BASE);
  code.op("i64.add");
}
