// The instructions of a unit's blocks that fall through to the next one.

import { LOCATE } from "../core.ts";
import { BY_NUMBER } from "../instructions/table.ts";
import { GUESSES, HART, RAM_BASE } from "../layout.ts";
import type { Code } from "../wasm/code.ts";
import { emitAtomic } from "./atomics.ts";
import type { Located } from "./blocks.ts";
import type { Expression } from "../instructions/expression.ts";
import { emitExpression } from "./expressions.ts";
import type { Operands } from "./expressions.ts";
import type { CoveredAccess, CheckedRange } from "./checks.ts";
import { windowAccess } from "./memory-access.ts";
import type { MemoryAccess } from "./memory-access.ts";
import { emitLookUp, emitRemembered, pagedAccess } from "./paged-access.ts";
import type { PagedContext } from "./paged-access.ts";
import { LOCAL } from "./unit-locals.ts";
import type { Paging, UnitServices } from "./unit-builder.ts";
import type { UnitLocals } from "./unit-locals.ts";
import { asWord, WORD_LOAD } from "./words.ts";

export function operandsFrom(instruction: Located, locals: UnitLocals, services: UnitServices): Operands {
  return {
    known(operand) {
      switch (operand) {
        case "rs1": return instruction.rs1 === 0 ? 0 : null;
        case "rs2": return instruction.rs2 === 0 ? 0 : null;
        case "imm": return instruction.immediate;
        case "pc": return services.placed ? null : instruction.pc;
      }
    },
    push(code, operand) {
      if (operand === "pc") services.pushPc(code, instruction.pc);
      else locals.push(code, operand === "rs1" ? instruction.rs1 : instruction.rs2);
    },
    pushWord: (code, operand) => locals.pushWord(code, instruction[operand]),
  };
}

/** `resolve`: see AccessContext. `leave` emits what stops the unit before this instruction, so that the interpreter executes it. */
export function emitInstruction(
  code: Code, instruction: Located, locals: UnitLocals, services: UnitServices, resolve: number | null, leave: () => void,
): void {
  const meaning = BY_NUMBER[instruction.number];
  const operands = operandsFrom(instruction, locals, services);
  const immediate = meaning.kind === "load" || meaning.kind === "store" ? instruction.immediate : 0;
  const memory: MemoryAccess = services.paging === null
    ? windowAccess({
      state: LOCAL.state, address: LOCAL.address, offset: LOCAL.offset, resolve,
      pushRamLimit: () => code.i64(services.window.limit),
      pushWindowOffset: () => pushWindowOffset(code, instruction, locals, services, immediate),
      fail: leave,
    })
    : pagedAccess(pagedContext(instruction.pc, locals, services, services.paging, leave));
  switch (meaning.kind) {
    case "compute":
      if (instruction.rd !== 0) emitCompute(code, instruction, meaning.value, operands, locals);
      return;
    case "fence":
      code.fence();
      return;
    case "load":
      pushAddress(code, instruction, locals, immediate - memory.bias);
      memory.load(code, meaning.bytes, meaning.access);
      if (meaning.access === WORD_LOAD && instruction.rd !== 0) {
        code.op("i32.wrap_i64");
        locals.setWord(code, instruction.rd);
      } else writeLoaded(code, instruction, locals);
      return;
    case "store":
      pushAddress(code, instruction, locals, immediate - memory.bias);
      memory.store(code, meaning.bytes, meaning.access, () => locals.push(code, instruction.rs2));
      return;
    case "atomic":
    case "atomic-loop":
    case "load-reserved":
    case "store-conditional": {
      pushAddress(code, instruction, locals, immediate - memory.bias);
      memory.atomicOffset(code, meaning.bytes, meaning.kind !== "load-reserved");
      emitAtomic(code, meaning, { state: LOCAL.state, offset: LOCAL.offset }, operands, locals.temporaries, LOCAL.answer);
      code.get(LOCAL.answer);
      writeLoaded(code, instruction, locals);
      return;
    }
    default:
      throw new Error(`${meaning.kind} ends a block`);
  }
}

/** A load or store whose address has been found to lie in the RAM window or, under page tables, in its range. */
export function emitUncheckedAccess(
  code: Code, instruction: Located, locals: UnitLocals, services: UnitServices,
  covered: CoveredAccess,
): void {
  const meaning = BY_NUMBER[instruction.number];
  let ahead = 0;
  if (services.paging === null) {
    pushWindowOffset(code, instruction, locals, services, instruction.immediate);
  } else {
    code.get(locals.base(covered.range));
    ahead = covered.offset;
  }
  if (meaning.kind === "store") {
    locals.push(code, instruction.rs2);
    code.access(meaning.access, ahead);
  } else if (meaning.kind === "load") {
    if (meaning.access === WORD_LOAD && instruction.rd !== 0) {
      code.access("i32.load", ahead);
      locals.setWord(code, instruction.rd);
      return;
    }
    code.access(meaning.access, ahead);
    writeLoaded(code, instruction, locals);
  }
}

/** Finds where a range lies, for the accesses that it covers, or leaves. `remembered`: its entry in the hart block. */
export function emitRangeLookUp(
  code: Code, pc: number, range: CheckedRange, base: number, remembered: number | null, locals: UnitLocals,
  services: UnitServices, paging: Paging, leave: () => void,
): void {
  locals.push(code, range.register);
  code.i64(range.from);
  code.op("i64.add");
  const context = { ...pagedContext(pc, locals, services, paging, leave), offset: base };
  const bytes = range.to - range.from;
  const request = LOCATE.ahead | (range.writes ? LOCATE.write : 0);
  if (remembered === null) emitLookUp(code, context, bytes, request);
  else emitRemembered(code, context, bytes, request, { offset: remembered, remember: services.remember });
}

function pagedContext(pc: number, locals: UnitLocals, services: UnitServices, paging: Paging, leave: () => void): PagedContext {
  const place = ((pc / 2) & (GUESSES - 1)) * 4;
  return {
    guess: { offset: HART.guesses + place, local: locals.guess },
    // Dispatched units use LOCAL.next between blocks only.
    state: LOCAL.state, address: LOCAL.address, offset: LOCAL.offset, entry: LOCAL.next, locate: services.locate,
    pushTlb: (code) => code.get(LOCAL.state),
    tlbOffset: paging.tlb,
    fail: leave,
  };
}

/** rd = the i64 on the stack. */
function writeLoaded(code: Code, instruction: Located, locals: UnitLocals): void {
  if (instruction.rd === 0) code.drop();
  else locals.set(code, instruction.rd);
}

function emitCompute(
  code: Code, instruction: Located, value: Expression, operands: Operands, locals: UnitLocals,
): void {
  const word = asWord(value, instruction, (register) => locals.isWord(register));
  if (word === null) {
    emitExpression(code, value, operands, locals.temporaries);
    locals.set(code, instruction.rd);
  } else {
    emitExpression(code, word, operands, locals.temporaries);
    locals.setWord(code, instruction.rd);
  }
}

/** In 32 bits and from the register, so that the access does not wait for the check's 64-bit sum. */
function pushWindowOffset(
  code: Code, instruction: Located, locals: UnitLocals, services: UnitServices, immediate: number,
): void {
  const { offset } = services.window;
  locals.pushWord(code, instruction.rs1);
  if (offset === null) {
    code.get(LOCAL.window);
    code.op("i32.add");
  }
  code.i32(immediate - RAM_BASE + (offset ?? 0));
  code.op("i32.add");
}

function pushAddress(code: Code, instruction: Located, locals: UnitLocals, immediate: number): void {
  if (instruction.rs1 === 0) {
    code.i64(immediate);
    return;
  }
  locals.push(code, instruction.rs1);
  if (immediate === 0) return;
  code.i64(immediate);
  code.op("i64.add");
}
