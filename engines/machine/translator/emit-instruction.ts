// The instructions of a unit's blocks that fall through to the next one.

import { BY_NUMBER } from "../instructions/table.ts";
import { RAM_BASE, RIGHT } from "../layout.ts";
import type { Code } from "../wasm/code.ts";
import { emitAtomic } from "./atomics.ts";
import type { Located } from "./blocks.ts";
import { emitExpression } from "./expressions.ts";
import type { Operands } from "./expressions.ts";
import { emitAtomicOffset, emitLoad, emitStore } from "./memory-access.ts";
import type { AccessContext } from "./memory-access.ts";
import { LOCAL } from "./unit-locals.ts";
import type { UnitServices } from "./emit-unit.ts";
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

/** `resolve`: see AccessContext. `leave` emits what stops the unit before this instruction, so that the interpreter executes it. */
export function emitInstruction(
  code: Code, instruction: Located, locals: UnitLocals, services: UnitServices, resolve: number | null, leave: () => void,
): void {
  const meaning = BY_NUMBER[instruction.number];
  const operands = operandsFrom(instruction, locals);
  const write = (): void => {
    if (instruction.rd === 0) code.drop();
    else code.set(locals.of(instruction.rd));
  };
  const immediate = meaning.kind === "load" || meaning.kind === "store" ? instruction.immediate : 0;
  const context: AccessContext = {
    state: LOCAL.state, address: LOCAL.address, offset: LOCAL.offset, resolve,
    pushRamLimit: () => code.i64(services.window.limit),
    pushWindowOffset: () => pushWindowOffset(code, instruction, locals, services, immediate),
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
      pushAddress(code, instruction, locals, immediate);
      emitLoad(code, context, meaning.bytes, meaning.access);
      write();
      return;
    case "store":
      pushAddress(code, instruction, locals, immediate);
      emitStore(code, context, meaning.bytes, meaning.access, () => locals.push(code, instruction.rs2));
      return;
    case "atomic":
    case "atomic-loop":
    case "load-reserved":
    case "store-conditional": {
      const rights = meaning.kind === "load-reserved" ? RIGHT.read : RIGHT.read | RIGHT.write;
      pushAddress(code, instruction, locals, immediate);
      emitAtomicOffset(code, context, meaning.bytes, rights);
      emitAtomic(code, meaning, context, operands, locals.temporaries, LOCAL.answer);
      code.get(LOCAL.answer);
      write();
      return;
    }
    default:
      throw new Error(`${meaning.kind} ends a block`);
  }
}

/** A load or store whose address has been found to lie in the RAM window. */
export function emitUncheckedAccess(
  code: Code, instruction: Located, locals: UnitLocals, services: UnitServices,
): void {
  const meaning = BY_NUMBER[instruction.number];
  pushWindowOffset(code, instruction, locals, services, instruction.immediate);
  if (meaning.kind === "store") {
    locals.push(code, instruction.rs2);
    code.access(meaning.access);
  } else if (meaning.kind === "load") {
    code.access(meaning.access);
    if (instruction.rd === 0) code.drop();
    else code.set(locals.of(instruction.rd));
  }
}

/** In 32 bits and from the register, so that the access does not wait for the check's 64-bit sum. */
function pushWindowOffset(
  code: Code, instruction: Located, locals: UnitLocals, services: UnitServices, immediate: number,
): void {
  locals.push(code, instruction.rs1);
  code.op("i32.wrap_i64");
  code.i32(immediate - RAM_BASE + services.window.offset);
  code.op("i32.add");
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
