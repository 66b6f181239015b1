// The interpreter and dispatcher, generated from the instruction table as one WebAssembly function:
//   run(state) -> EXIT code
// There are two of it: for Bare addresses, and for those translated by page tables.
// It enters translated units where there are any, and interprets predecoded instructions otherwise. It is the
// cold tier, the single-stepper, and what ends a slice at its very last instruction.

import { EXIT, FIRST_PAGED_SPACE, HART, RAM_BASE, TLB } from "../layout.ts";
import { Code } from "../wasm/code.ts";
import type { Label } from "../wasm/code.ts";
import { I32 } from "../wasm/opcodes.ts";
import { CALL_DEPTH, CLASS_OF, HOTNESS, LEFT_PC, LOOKUP, MOVED_PC, PREDECODED, TYPE } from "./abi.ts";
import { emitOperations, leave, LOCAL, moveTo, pushNextPc, spend, STATE } from "./interpret-instruction.ts";
import type { Services } from "./interpret-instruction.ts";
import { emitEntryFor } from "./predecoded.ts";
import { emitEntry } from "./paged-access.ts";

export function interpreterBody(services: Services, hotThreshold: number): Code {
  const code = new Code();
  code.get(STATE);
  code.access("i32.load", HART.threadArea);
  code.set(LOCAL.area);
  const dispatch = code.loop();
  emitChecks(code, services.paged);
  if (services.spaceField === HART.translations) emitClass(code);
  emitTranslated(code, dispatch, services, hotThreshold);
  emitSteps(code, dispatch, services);
  code.end();
  code.unreachable();
  code.end();
  return code;
}

function emitChecks(code: Code, paged: boolean): void {
  code.get(STATE);
  code.access("i32.atomic.load", HART.attention);
  code.if();
  leave(code, EXIT.attention);
  code.end();
  code.get(STATE);
  code.access("i32.load", HART.paged);
  if (paged) code.op("i32.eqz");
  code.markUnlikely();
  code.if();
  leave(code, EXIT.translation);
  code.end();
  code.get(STATE);
  code.access("i32.load", HART.fuel);
  code.tee(LOCAL.fuel);
  code.i32(0);
  code.op("i32.le_s");
  code.if();
  leave(code, EXIT.slice);
  code.end();
  code.get(STATE);
  code.access("i64.load", HART.pc);
  code.set(LOCAL.pc);
}

/** Which translations the space that the hart is in now has: the engine may have entered another guest, or page tables. */
function emitClass(code: Code): void {
  code.get(STATE);
  code.get(STATE);
  code.access("i32.load", HART.space);
  code.tee(LOCAL.entry);
  code.i32(FIRST_PAGED_SPACE);
  code.op("i32.lt_u");
  code.if(I32);
  code.get(LOCAL.entry);
  code.i32(4);
  code.op("i32.mul");
  code.get(LOCAL.area);
  code.op("i32.add");
  code.access("i32.load", CLASS_OF.offset);
  code.else();
  code.get(LOCAL.entry);
  code.end();
  code.access("i32.store", HART.translations);
}

function emitTranslated(code: Code, dispatch: Label, services: Services, hotThreshold: number): void {
  pushTableEntry(code, services, LOOKUP.offset, LOOKUP.bytes);
  code.tee(LOCAL.entry);
  code.access("i64.load", LOOKUP.pc);
  code.get(LOCAL.pc);
  code.op("i64.eq");
  code.get(LOCAL.entry);
  code.access("i32.load", LOOKUP.space);
  code.get(STATE);
  code.access("i32.load", services.spaceField);
  code.op("i32.eq");
  code.op("i32.and");
  code.if();
  const tooShort = code.block();
  code.get(LOCAL.entry);
  code.access("i32.load", LOOKUP.slot);
  code.set(LOCAL.offset);
  code.get(LOCAL.entry);
  code.access("i32.load", LOOKUP.entry);
  code.set(LOCAL.answer);
  code.get(LOCAL.fuel);
  code.get(LOCAL.entry);
  code.access("i32.load", LOOKUP.fuel);
  code.op("i32.lt_s");
  code.if();
  emitTail(code, tooShort, services, hotThreshold);
  code.end();
  code.get(STATE);
  code.get(LOCAL.answer);
  code.i32(CALL_DEPTH);
  code.get(LOCAL.offset);
  code.callIndirect(TYPE.unit);
  code.tee(LOCAL.target);
  code.i64(MOVED_PC);
  code.op("i64.eq");
  code.brIf(dispatch);
  code.get(LOCAL.target);
  code.i64(LEFT_PC);
  code.op("i64.eq");
  code.if();
  leave(code, EXIT.leave);
  code.end();
  code.get(STATE);
  code.get(LOCAL.target);
  code.i64(-2);
  code.op("i64.and");
  code.tee(LOCAL.pc);
  code.access("i64.store", HART.pc);
  code.get(LOCAL.target);
  code.i64(1);
  code.op("i64.and");
  code.op("i64.eqz");
  code.brIf(dispatch);
  code.get(STATE);
  code.access("i32.load", HART.outside);
  code.if();
  code.get(STATE);
  code.i32(0);
  code.access("i32.store", HART.outside);
  code.get(STATE);
  code.call(services.outside);
  code.drop();
  code.end();
  code.get(STATE);
  code.access("i32.load", HART.fuel);
  code.tee(LOCAL.fuel);
  code.i32(0);
  code.op("i32.le_s");
  code.brIf(dispatch);
  code.end(); // tooShort
  code.else();
  // Where a slice happened to end says nothing about where loops and functions begin.
  code.get(LOCAL.arrived);
  code.if();
  pushTableEntry(code, services, HOTNESS.offset, 4);
  code.tee(LOCAL.entry);
  code.get(LOCAL.entry);
  code.access("i32.load");
  code.i32(1);
  code.op("i32.add");
  code.tee(LOCAL.answer);
  code.access("i32.store");
  code.get(LOCAL.answer);
  code.i32(hotThreshold);
  code.op("i32.ge_s");
  code.if();
  code.get(STATE);
  code.call(services.translate);
  code.brIf(dispatch);
  code.end();
  code.end();
  code.i32(1);
  code.set(LOCAL.arrived);
  code.end();
}

/** Takes slot and argument of the tail unit; goes to `without` if there is none, or it is not worth while. */
function emitTail(code: Code, without: Label, services: Services, hotThreshold: number): void {
  code.get(STATE);
  code.access("i32.load", HART.slice);
  code.i32(SHORT_SLICE);
  code.op("i32.gt_s");
  code.brIf(without);
  code.get(LOCAL.entry);
  code.access("i32.load", LOOKUP.tailEntry);
  code.set(LOCAL.answer);
  code.get(LOCAL.entry);
  code.access("i32.load", LOOKUP.tail);
  code.i32(1);
  code.op("i32.sub");
  code.tee(LOCAL.offset);
  code.i32(0);
  code.op("i32.lt_s");
  code.if();
  code.get(LOCAL.entry);
  code.get(LOCAL.offset);
  code.access("i32.store", LOOKUP.tail);
  code.get(LOCAL.offset);
  code.i32(-hotThreshold);
  code.op("i32.eq");
  code.if();
  code.get(STATE);
  code.call(services.translateTail);
  code.drop();
  code.end();
  code.br(without);
  code.end();
}

/** Address of the entry for LOCAL.pc in a table indexed as LOOKUP. */
function pushTableEntry(code: Code, services: Services, offset: number, bytes: number): void {
  code.get(LOCAL.pc);
  code.op("i32.wrap_i64");
  code.i32(1);
  code.op("i32.shr_u");
  code.get(LOCAL.pc);
  code.op("i32.wrap_i64");
  code.i32(LOOKUP.placement);
  code.op("i32.shr_u");
  code.get(STATE);
  code.access("i32.load", services.spaceField);
  code.op("i32.add");
  code.i32(LOOKUP.stride);
  code.op("i32.mul");
  code.op("i32.add");
  code.i32(LOOKUP.entries - 1);
  code.op("i32.and");
  code.i32(bytes);
  code.op("i32.mul");
  code.i32(offset);
  code.op("i32.add");
  code.get(LOCAL.area);
  code.op("i32.add");
}

function emitSteps(code: Code, dispatch: Label, services: Services): void {
  const step = code.loop();
  emitFetch(code, dispatch, services);
  const next = code.block();
  const branched = code.block();
  const jumped = code.block();
  emitOperations(code, services, { dispatch, next, branched, jumped });
  code.end(); // jumped: a translated unit may begin at the target
  spend(code);
  moveTo(code, LOCAL.target);
  code.br(dispatch);
  code.end(); // branched
  spend(code);
  code.get(LOCAL.target);
  code.get(LOCAL.pc);
  code.op("i64.gt_u");
  code.get(LOCAL.fuel);
  code.i32(0);
  code.op("i32.gt_s");
  code.op("i32.and");
  code.if();
  code.get(LOCAL.target);
  code.set(LOCAL.pc);
  code.br(step);
  code.end();
  moveTo(code, LOCAL.target);
  code.br(dispatch);
  code.end(); // next
  spend(code);
  pushNextPc(code);
  code.set(LOCAL.pc);
  code.get(LOCAL.fuel);
  code.i32(0);
  code.op("i32.gt_s");
  code.brIf(step);
  moveTo(code, LOCAL.pc);
  code.br(dispatch);
  code.end(); // step
}

/** Leaves in LOCAL.instruction where the predecoded instruction at LOCAL.pc lies. */
function emitFetch(code: Code, dispatch: Label, services: Services): void {
  const found = code.block();
  const slow = code.block();
  if (services.paged) pushPagedOffset(code, slow);
  else pushWindowOffset(code, slow);
  code.access("i32.load");
  emitEntryFor(code, LOCAL.pc, LOCAL.area);
  code.tee(LOCAL.instruction);
  code.access("i32.load", PREDECODED.tag);
  code.op("i32.eq");
  code.brIf(found);
  code.end();
  moveTo(code, LOCAL.pc);
  code.get(STATE);
  code.call(services.decode);
  code.tee(LOCAL.instruction);
  code.i32(DECODE_MOVED);
  code.op("i32.eq");
  code.brIf(dispatch);
  code.get(LOCAL.instruction);
  code.i32(DECODE_LEFT);
  code.op("i32.eq");
  code.if();
  leave(code, EXIT.leave);
  code.end();
  code.end();
}

/** Pushes the host offset of LOCAL.pc, or goes to `slow`. */
function pushWindowOffset(code: Code, slow: Label): void {
  code.get(LOCAL.pc);
  code.i64(RAM_BASE);
  code.op("i64.sub");
  code.tee(LOCAL.address);
  code.get(STATE);
  code.access("i64.load", HART.ramLimit);
  code.op("i64.gt_u");
  code.brIf(slow);
  code.get(LOCAL.address);
  code.op("i32.wrap_i64");
  code.get(STATE);
  code.access("i32.load", HART.ramOffset);
  code.op("i32.add");
}

/** The same by the TLB. What begins in a page's last halfword may lie in two pages, and is not predecoded. */
function pushPagedOffset(code: Code, slow: Label): void {
  code.get(LOCAL.pc);
  emitEntry(code, {
    address: LOCAL.address, entry: LOCAL.entry,
    pushTlb: (code) => { code.get(STATE); code.access("i32.load", HART.tlb); },
  });
  code.get(LOCAL.pc);
  code.get(LOCAL.entry);
  code.access("i64.load", TLB.execute);
  code.op("i64.sub");
  code.i64(PAGE_BYTES - LONGEST_INSTRUCTION);
  code.op("i64.gt_u");
  code.brIf(slow);
  code.get(LOCAL.pc);
  code.op("i32.wrap_i64");
  code.get(LOCAL.entry);
  code.access("i32.load", TLB.addend);
  code.op("i32.add");
}

const PAGE_BYTES = 0x1000;
const LONGEST_INSTRUCTION = 4;

/** Where slices are longer, what is left of them hardly counts. */
const SHORT_SLICE = 20_000;

/** What the decode import answers instead of where it put the instruction. */
export const DECODE_MOVED = 0;
export const DECODE_LEFT = -1;
