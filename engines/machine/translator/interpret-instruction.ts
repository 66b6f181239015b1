// The interpreter's code for each instruction of the table, and the locals it works with.

import { ACCESS } from "../core.ts";
import { BY_NUMBER } from "../instructions/table.ts";
import type { Instruction } from "../instructions/table.ts";
import { CONTINUE, EXIT, HART, LEAVE } from "../layout.ts";
import type { Code, Label } from "../wasm/code.ts";
import { PREDECODED } from "./abi.ts";
import { emitAtomic } from "./atomics.ts";
import { emitExpression } from "./expressions.ts";
import type { Operands } from "./expressions.ts";
import { windowAccess } from "./memory-access.ts";
import type { MemoryAccess } from "./memory-access.ts";
import { pagedAccess } from "./paged-access.ts";

export const STATE = 0; // parameter
export const LOCAL = {
  area: 1, entry: 2, fuel: 3, offset: 4, answer: 5, instruction: 6, arrived: 7, // i32
  pc: 8, target: 9, address: 10, result: 11, temporaries: 12, // i64; four temporaries
} as const;
export const INTERPRETER_LOCALS = { i32: 7, i64: 8 } as const;

/** Function indexes of what the interpreter calls. */
export interface Services {
  readonly system: number;
  readonly device: number;
  readonly decode: number;
  readonly translate: number;
  readonly jump: number;
  readonly outside: number;
  readonly resolve: number;
  readonly locate: number;
  readonly translateTail: number;
  /** The hart's field that says of which space, or class of them, translations are to be looked up. */
  readonly spaceField: typeof HART.space | typeof HART.translations;
  /** The interpreter is the one for guests whose addresses are translated by page tables. */
  readonly paged: boolean;
}

export interface Places {
  readonly dispatch: Label;
  readonly next: Label;
  readonly branched: Label;
  readonly jumped: Label;
}

export function emitOperations(code: Code, services: Services, places: Places): void {
  const labels: Label[] = [];
  const otherwise = code.block();
  for (let number = BY_NUMBER.length - 1; number >= 0; number--) labels[number] = code.block();
  code.get(LOCAL.instruction);
  code.access("i32.load8_u", PREDECODED.operation);
  code.brTable(labels, otherwise);
  BY_NUMBER.forEach((instruction) => {
    code.end();
    emitOperation(code, instruction, services, places);
  });
  code.end();
  code.unreachable();
}

const operands: Operands = {
  known: () => null,
  push(code, operand) {
    switch (operand) {
      case "pc":
        code.get(LOCAL.pc);
        return;
      case "imm":
        code.get(LOCAL.instruction);
        code.access("i64.load32_s", PREDECODED.immediate);
        return;
      default:
        code.get(STATE);
        code.get(LOCAL.instruction);
        code.access("i32.load16_u", PREDECODED[operand]);
        code.op("i32.add");
        code.access("i64.load");
    }
  },
  pushWord(code, operand) {
    code.get(STATE);
    code.get(LOCAL.instruction);
    code.access("i32.load16_u", PREDECODED[operand]);
    code.op("i32.add");
    code.access("i32.load");
  },
};

function emitOperation(code: Code, instruction: Instruction, services: Services, places: Places): void {
  switch (instruction.kind) {
    case "compute":
      emitExpression(code, instruction.value, operands, LOCAL.temporaries);
      writeResult(code);
      code.br(places.next);
      return;
    case "branch":
      pushTarget(code);
      code.set(LOCAL.target);
      emitExpression(code, instruction.condition, operands, LOCAL.temporaries);
      code.brIf(places.branched);
      code.br(places.next);
      return;
    case "jump":
      pushTarget(code);
      code.set(LOCAL.target);
      pushNextPc(code);
      writeResult(code);
      code.br(places.jumped);
      return;
    case "jump-register":
      // The target is read before rd is written: they may be the same register.
      operands.push(code, "rs1");
      operands.push(code, "imm");
      code.op("i64.add");
      code.i64(-2);
      code.op("i64.and");
      code.set(LOCAL.target);
      emitJumpReport(code, services);
      pushNextPc(code);
      writeResult(code);
      code.br(places.jumped);
      return;
    case "fence":
      code.fence();
      code.br(places.next);
      return;
    case "system":
      emitSystem(code, services, places);
      return;
    default:
      emitMemory(code, instruction, services, places);
  }
}

/** Tells the translator where jumps through tables go: neither calls (rd) nor returns (rs1 = x1 or x5). */
function emitJumpReport(code: Code, services: Services): void {
  const isRegister = (field: "rd" | "rs1", offset: number): void => {
    code.get(LOCAL.instruction);
    code.access("i32.load16_u", PREDECODED[field]);
    code.i32(offset);
    code.op("i32.eq");
  };
  isRegister("rd", HART.sink);
  isRegister("rs1", HART.x + 8 * 1);
  isRegister("rs1", HART.x + 8 * 5);
  code.op("i32.or");
  code.op("i32.gt_u");
  code.if();
  code.get(STATE);
  code.get(LOCAL.pc);
  code.access("i64.store", HART.jumpSource);
  code.get(STATE);
  code.get(LOCAL.target);
  code.access("i64.store", HART.pc);
  code.get(STATE);
  code.call(services.jump);
  code.drop();
  code.end();
}

function emitMemory(
  code: Code, instruction: Extract<Instruction, { readonly bytes: number }>, services: Services, places: Places,
): void {
  const plain = instruction.kind === "load" || instruction.kind === "store";
  const writes = instruction.kind !== "load" && instruction.kind !== "load-reserved";
  const memory = accessOf(services, (bias) => emitDevice(code, instruction, writes, bias, services, places));
  operands.push(code, "rs1");
  if (plain) {
    operands.push(code, "imm");
    code.op("i64.add");
  }
  if (memory.bias !== 0) {
    code.i64(memory.bias);
    code.op("i64.sub");
  }
  switch (instruction.kind) {
    case "load":
      memory.load(code, instruction.bytes, instruction.access);
      writeResult(code);
      break;
    case "store":
      memory.store(code, instruction.bytes, instruction.access, () => operands.push(code, "rs2"));
      break;
    default:
      memory.atomicOffset(code, instruction.bytes, writes);
      emitAtomic(code, instruction, { state: STATE, offset: LOCAL.offset }, operands, LOCAL.temporaries, LOCAL.result);
      code.get(LOCAL.result);
      writeResult(code);
  }
  code.br(places.next);
}

function accessOf(services: Services, fail: (bias: number) => void): MemoryAccess {
  const memory: MemoryAccess = services.paged
    ? pagedAccess({
      state: STATE, address: LOCAL.address, offset: LOCAL.offset, entry: LOCAL.entry, locate: services.locate,
      pushTlb: (code) => { code.get(STATE); code.access("i32.load", HART.tlb); },
      tlbOffset: 0, guess: null,
      fail: () => fail(memory.bias),
    })
    : windowAccess({
      state: STATE, address: LOCAL.address, offset: LOCAL.offset, resolve: services.resolve,
      pushRamLimit: (code) => { code.get(STATE); code.access("i64.load", HART.ramLimit); },
      pushWindowOffset: (code) => {
        code.get(LOCAL.address);
        code.op("i32.wrap_i64");
        code.get(STATE);
        code.access("i32.load", HART.ramOffset);
        code.op("i32.add");
      },
      fail: () => fail(memory.bias),
    });
  return memory;
}

/** The access is no RAM of this guest's: the hart does it at a device, or faults. */
function emitDevice(
  code: Code, instruction: Extract<Instruction, { readonly bytes: number }>, writes: boolean, bias: number,
  services: Services, places: Places,
): void {
  const plain = instruction.kind === "load" || instruction.kind === "store";
  const unsigned = instruction.kind === "load" && instruction.access.endsWith("_u");
  moveTo(code, LOCAL.pc);
  chargeOne(code);
  code.get(STATE);
  code.get(LOCAL.address);
  if (bias !== 0) {
    code.i64(bias);
    code.op("i64.add");
  }
  code.access("i64.store", HART.trapValue);
  code.get(STATE);
  code.i32(
    Math.log2(instruction.bytes) |
    (unsigned ? ACCESS.unsigned : 0) |
    (writes ? ACCESS.store : 0) |
    (plain ? 0 : ACCESS.atomic),
  );
  // The register: what is stored, or where a load goes. x0 as a destination is the sink: number 32 & 31 = 0.
  code.get(LOCAL.instruction);
  code.access("i32.load16_u", instruction.kind === "store" ? PREDECODED.rs2 : PREDECODED.rd);
  code.i32(3);
  code.op("i32.shr_u");
  code.i32(31);
  code.op("i32.and");
  code.i32(ACCESS.registerShift);
  code.op("i32.shl");
  code.op("i32.or");
  code.get(LOCAL.instruction);
  code.access("i32.load8_u", PREDECODED.length);
  code.i32(ACCESS.lengthShift);
  code.op("i32.shl");
  code.op("i32.or");
  code.call(services.device);
  emitAnswer(code, places);
}

function emitSystem(code: Code, services: Services, places: Places): void {
  moveTo(code, LOCAL.pc);
  chargeOne(code);
  code.get(STATE);
  code.get(LOCAL.instruction);
  code.access("i32.load", PREDECODED.immediate);
  code.call(services.system);
  emitAnswer(code, places);
}

/** After a service: CONTINUE goes on behind the instruction, which is charged already. */
function emitAnswer(code: Code, places: Places): void {
  code.tee(LOCAL.answer);
  code.i32(LEAVE);
  code.op("i32.eq");
  code.if();
  leave(code, EXIT.leave);
  code.end();
  code.get(LOCAL.answer);
  code.i32(CONTINUE);
  code.op("i32.eq");
  code.if();
  code.get(STATE);
  pushNextPc(code);
  code.access("i64.store", HART.pc);
  code.end();
  code.br(places.dispatch);
}

function pushTarget(code: Code): void {
  code.get(LOCAL.pc);
  operands.push(code, "imm");
  code.op("i64.add");
}

export function pushNextPc(code: Code): void {
  code.get(LOCAL.pc);
  code.get(LOCAL.instruction);
  code.access("i32.load8_u", PREDECODED.length);
  code.op("i64.extend_i32_u");
  code.op("i64.add");
}

/** rd = the i64 on the stack. */
function writeResult(code: Code): void {
  code.set(LOCAL.result);
  code.get(STATE);
  code.get(LOCAL.instruction);
  code.access("i32.load16_u", PREDECODED.rd);
  code.op("i32.add");
  code.get(LOCAL.result);
  code.access("i64.store");
}

export function spend(code: Code): void {
  code.get(LOCAL.fuel);
  code.i32(1);
  code.op("i32.sub");
  code.set(LOCAL.fuel);
}

/** The instruction about to be handed to a service counts as executed; the hart corrects it if it traps. */
function chargeOne(code: Code): void {
  code.get(STATE);
  code.get(LOCAL.fuel);
  code.i32(1);
  code.op("i32.sub");
  code.access("i32.store", HART.fuel);
}

/** Writes pc and fuel back to the hart. */
export function moveTo(code: Code, pc: number): void {
  code.get(STATE);
  code.get(pc);
  code.access("i64.store", HART.pc);
  code.get(STATE);
  code.get(LOCAL.fuel);
  code.access("i32.store", HART.fuel);
}

export function leave(code: Code, exit: number): void {
  code.i32(exit);
  code.return();
}
