// How a unit goes on behind calls, services and indirect jumps: control that generated code alone cannot follow.

import { CONTINUE, HART, LEAVE } from "../layout.ts";
import type { Label } from "../wasm/code.ts";
import { LEFT_PC, LOOKUP, MISSING, MOVED_PC, TYPE } from "./abi.ts";
import { isTableJump } from "./blocks.ts";
import type { Ending } from "./blocks.ts";
import type { UnitBuilder } from "./unit-builder.ts";
import { LOCAL } from "./unit-locals.ts";

export function emitCall(unit: UnitBuilder, ending: Extract<Ending, { kind: "call" }>, stored: number, go: (to: number) => void): void {
  const { code } = unit;
  link(unit, ending.instruction);
  unit.store(stored);
  pushCallArguments(unit, () => code.i32(0));
  unit.services.pushSlot(code, ending.target);
  code.callIndirect(TYPE.unit);
  afterCall(unit, ending.then, () => unit.services.pushPc(code, ending.target), go);
}

export function emitCallRegister(unit: UnitBuilder, ending: Extract<Ending, { kind: "call-register" }>, stored: number, go: (to: number) => void): void {
  const { code } = unit;
  pushJumpTarget(unit, ending.instruction);
  code.set(LOCAL.target);
  link(unit, ending.instruction);
  unit.store(stored);
  code.get(LOCAL.state);
  code.access("i32.load", HART.threadArea);
  code.get(LOCAL.target);
  code.op("i32.wrap_i64");
  code.i32(1);
  code.op("i32.shr_u");
  code.get(LOCAL.target);
  code.op("i32.wrap_i64");
  code.i32(LOOKUP.placement);
  code.op("i32.shr_u");
  code.i32(unit.services.space);
  code.op("i32.add");
  code.i32(LOOKUP.stride);
  code.op("i32.mul");
  code.op("i32.add");
  code.i32(LOOKUP.entries - 1);
  code.op("i32.and");
  code.i32(LOOKUP.bytes);
  code.op("i32.mul");
  code.op("i32.add");
  code.tee(LOCAL.offset);
  code.access("i64.load", LOOKUP.offset + LOOKUP.pc);
  code.get(LOCAL.target);
  code.op("i64.ne");
  code.get(LOCAL.offset);
  code.access("i32.load", LOOKUP.offset + LOOKUP.space);
  code.get(LOCAL.state);
  code.access("i32.load", unit.services.spaceField);
  code.op("i32.ne");
  code.op("i32.or");
  code.markUnlikely();
  code.if();
  unit.storeFuel();
  code.get(LOCAL.target);
  code.return();
  code.end();
  pushCallArguments(unit, () => {
    code.get(LOCAL.offset);
    code.access("i32.load", LOOKUP.offset + LOOKUP.entry);
  });
  code.get(LOCAL.offset);
  code.access("i32.load", LOOKUP.offset + LOOKUP.slot);
  code.callIndirect(TYPE.unit);
  afterCall(unit, ending.then, () => code.get(LOCAL.target), go);
}

function pushCallArguments(unit: UnitBuilder, entry: () => void): void {
  const { code } = unit;
  unit.storeFuel();
  code.get(LOCAL.state);
  entry();
  code.get(LOCAL.depth);
  code.i32(1);
  code.op("i32.sub");
}

/** The callee's answer is on the stack: go on if it returned here, else pass it up. */
function afterCall(unit: UnitBuilder, then: number, pushTarget: () => void, go: (to: number) => void): void {
  const { code } = unit;
  code.tee(LOCAL.answer);
  unit.services.pushPc(code, unit.plan.unit.blocks[then].pc);
  code.op("i64.ne");
  code.markUnlikely();
  code.if();
  pushTarget();
  code.get(LOCAL.answer);
  code.get(LOCAL.answer);
  code.i64(MISSING);
  code.op("i64.eq");
  code.select();
  code.return();
  code.end();
  goOn(unit, then, go);
}

/** Behind a call or a service, everything is taken from the hart again. */
function goOn(unit: UnitBuilder, then: number, go: (to: number) => void): void {
  unit.loadFuel();
  unit.addFuel(-unit.plan.longest[then]);
  unit.load(unit.plan.registers.liveIn[then]);
  go(then);
}

export function emitSystem(unit: UnitBuilder, ending: Extract<Ending, { kind: "system" }>, stored: number, go: (to: number) => void): void {
  const { code } = unit;
  const { instruction, then } = ending;
  unit.store(stored);
  unit.storeFuel();
  code.get(LOCAL.state);
  unit.services.pushPc(code, instruction.pc);
  code.access("i64.store", HART.pc);
  code.get(LOCAL.state);
  code.i32(instruction.immediate);
  code.call(unit.services.system);
  code.tee(LOCAL.offset);
  code.i32(CONTINUE);
  code.op("i32.ne");
  code.if();
  code.i64(LEFT_PC);
  code.i64(MOVED_PC);
  code.get(LOCAL.offset);
  code.i32(LEAVE);
  code.op("i32.eq");
  code.select();
  code.return();
  code.end();
  goOn(unit, then, go);
}

export function emitJumpRegister(unit: UnitBuilder, node: number, ending: Extract<Ending, { kind: "jump-register" }>, stored: number, go: (to: number) => void): void {
  const { code } = unit;
  const { instruction, targets } = ending;
  pushJumpTarget(unit, instruction);
  code.set(LOCAL.target);
  const labels = targets.map(() => code.block());
  const elsewhere = code.block();
  throughTable(unit, targets, labels, elsewhere);
  code.end();
  unit.store(stored);
  unit.addFuel(unit.aheadBehind(node));
  unit.storeFuel();
  if (isTableJump(instruction)) {
    code.get(LOCAL.state);
    unit.services.pushPc(code, instruction.pc);
    code.access("i64.store", HART.jumpSource);
    code.get(LOCAL.state);
    code.get(LOCAL.target);
    code.access("i64.store", HART.pc);
    code.get(LOCAL.state);
    code.call(unit.services.jump);
    code.drop();
  }
  code.get(LOCAL.target);
  code.return();
  for (const target of targets.toReversed()) {
    code.end();
    go(target);
  }
}

/** Branches to the label of the block that begins at LOCAL.target, if it is one of `targets`. */
function throughTable(unit: UnitBuilder, targets: readonly number[], labels: readonly Label[], elsewhere: Label): void {
  if (targets.length === 0) return;
  const { code } = unit;
  const labelOf = new Map(targets.map((block, index) => [unit.plan.unit.blocks[block].pc, labels[index]] as const));
  const least = Math.min(...labelOf.keys());
  const most = Math.max(...labelOf.keys());
  code.get(LOCAL.target);
  unit.services.pushPc(code, least);
  code.op("i64.sub");
  code.tee(LOCAL.address);
  code.i64(most - least);
  code.op("i64.gt_u");
  code.markUnlikely();
  code.brIf(elsewhere);
  code.get(LOCAL.address);
  code.op("i32.wrap_i64");
  code.i32(1); // targets are even
  code.op("i32.shr_u");
  const table = Array.from({ length: (most - least) / 2 + 1 }, (_, index) => labelOf.get(least + 2 * index) ?? elsewhere);
  code.brTable(table, elsewhere);
}

function pushJumpTarget(unit: UnitBuilder, instruction: { readonly rs1: number; readonly immediate: number }): void {
  unit.locals.push(unit.code, instruction.rs1);
  if (instruction.immediate !== 0) {
    unit.code.i64(instruction.immediate);
    unit.code.op("i64.add");
  }
  unit.code.i64(-2);
  unit.code.op("i64.and");
}

function link(unit: UnitBuilder, instruction: { readonly rd: number; readonly pc: number; readonly bytes: number }): void {
  unit.services.pushPc(unit.code, instruction.pc + instruction.bytes);
  unit.locals.set(unit.code, instruction.rd);
}
