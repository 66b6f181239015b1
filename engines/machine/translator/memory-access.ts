// Guest loads and stores in generated code. One comparison decides whether an address lies in the RAM window
// (isolation); anything else goes to `resolve`, and from there to devices or faults.

import { HART, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../layout.ts";
import { Code } from "../wasm/code.ts";
import { I64, VOID } from "../wasm/opcodes.ts";
import type { Access } from "../wasm/opcodes.ts";
import { RESOLVE_RIGHTS_SHIFT } from "./abi.ts";

/** How the code under construction reaches the guest's memory. */
export interface MemoryAccess {
  /** Addresses are handed in less this. */
  readonly bias: number;
  /** Takes an address (i64) and leaves the value there. */
  load(code: Code, bytes: number, access: Access): void;
  /** Takes an address and stores what `pushValue` pushes. */
  store(code: Code, bytes: number, access: Access, pushValue: () => void): void;
  /** Takes an address, which must be aligned, and leaves its host offset in the local for it. */
  atomicOffset(code: Code, bytes: number, writes: boolean): void;
}

/** Where the first stage of translation is Bare. */
export function windowAccess(context: AccessContext): MemoryAccess {
  return {
    bias: RAM_BASE,
    load: (code, bytes, access) => emitLoad(code, context, bytes, access),
    store: (code, bytes, access, pushValue) => emitStore(code, context, bytes, access, pushValue),
    atomicOffset: (code, bytes, writes) => emitAtomicOffset(code, context, bytes, writes ? RIGHT.read | RIGHT.write : RIGHT.read),
  };
}

/** The locals that an access needs, and the way out when it fails. */
export interface AccessContext {
  readonly state: number;
  /** i64: the address less RAM_BASE; still set in `fail`. */
  readonly address: number;
  /** i32: a host offset. */
  readonly offset: number;
  /** Function that finds addresses outside the RAM window; null: all of them fail. */
  readonly resolve: number | null;
  pushRamLimit(code: Code): void;
  /** Pushes the host offset (i32) of the address, given that it lies in the RAM window. */
  pushWindowOffset(code: Code): void;
  /** Emits what leaves the instruction; control does not come back from it. */
  fail(code: Code): void;
}

function emitLoad(code: Code, context: AccessContext, bytes: number, access: Access): void {
  if (context.resolve === null) {
    emitStrictCheck(code, context);
    context.pushWindowOffset(code);
    code.access(access);
    return;
  }
  emitWindowCheck(code, context, context.resolve, bytes, RIGHT.read, I64);
  code.get(context.offset);
  code.access(access);
  code.else();
  context.pushWindowOffset(code);
  code.access(access);
  code.end();
}

function emitStore(
  code: Code, context: AccessContext, bytes: number, access: Access, pushValue: () => void,
): void {
  if (context.resolve === null) {
    emitStrictCheck(code, context);
    context.pushWindowOffset(code);
    pushValue();
    code.access(access);
    return;
  }
  emitWindowCheck(code, context, context.resolve, bytes, RIGHT.write, VOID);
  code.get(context.offset);
  pushValue();
  code.access(access);
  code.else();
  context.pushWindowOffset(code);
  pushValue();
  code.access(access);
  code.end();
}

function emitAtomicOffset(code: Code, context: AccessContext, bytes: number, rights: number): void {
  emitAlignmentCheck(code, context, bytes);
  if (context.resolve === null) {
    emitStrictCheck(code, context);
    context.pushWindowOffset(code);
    code.set(context.offset);
    return;
  }
  emitWindowCheck(code, context, context.resolve, bytes, rights, VOID);
  code.else();
  context.pushWindowOffset(code);
  code.set(context.offset);
  code.end();
}

/** Takes the address and leaves it; one that is not a multiple of `bytes` fails. */
export function emitAlignmentCheck(code: Code, context: Pick<AccessContext, "address" | "fail">, bytes: number): void {
  code.tee(context.address);
  code.i64(bytes - 1);
  code.op("i64.and");
  code.i64(0);
  code.op("i64.ne");
  code.markUnlikely();
  code.if();
  context.fail(code);
  code.end();
  code.get(context.address);
}

/** Takes the address; anything outside the RAM window, or so near its end that the access might be, fails. */
function emitStrictCheck(code: Code, context: AccessContext): void {
  code.tee(context.address);
  context.pushRamLimit(code);
  code.op("i64.gt_u");
  code.markUnlikely();
  code.if();
  context.fail(code);
  code.end();
}

/** Opens the `if` of an address outside the RAM window; in it, context.offset is where else it lies. */
function emitWindowCheck(
  code: Code, context: AccessContext, resolve: number, bytes: number, rights: number, type: typeof I64 | typeof VOID,
): void {
  code.tee(context.address);
  context.pushRamLimit(code);
  code.op("i64.gt_u");
  code.markUnlikely();
  code.if(type);
  code.get(context.state);
  code.get(context.address);
  code.i32(bytes | (rights << RESOLVE_RIGHTS_SHIFT));
  code.call(resolve);
  code.tee(context.offset);
  code.i32(-1);
  code.op("i32.eq");
  code.if();
  context.fail(code);
  code.end();
}

const PARAMETER = { state: 0, address: 1, access: 2 } as const;
const LOCAL = { entry: 3, last: 4, bytes: 5, rights: 6, within: 7 } as const;
export const RESOLVE_LOCALS = { i32: 4, i64: 1 } as const;

/** Body of `resolve`: the RAM window to its very end, then the regions of the second stage. */
export function resolveBody(): Code {
  const code = new Code();
  code.get(PARAMETER.access);
  code.i32(0xff);
  code.op("i32.and");
  code.set(LOCAL.bytes);
  code.get(PARAMETER.access);
  code.i32(RESOLVE_RIGHTS_SHIFT);
  code.op("i32.shr_u");
  code.set(LOCAL.rights);

  // address <= limit + 8 - bytes
  code.get(PARAMETER.address);
  code.get(PARAMETER.state);
  code.access("i64.load", HART.ramLimit);
  code.i64(8);
  code.op("i64.add");
  code.get(LOCAL.bytes);
  code.op("i64.extend_i32_u");
  code.op("i64.sub");
  code.op("i64.le_u");
  code.if();
  code.get(PARAMETER.address);
  code.op("i32.wrap_i64");
  code.get(PARAMETER.state);
  code.access("i32.load", HART.ramOffset);
  code.op("i32.add");
  code.return();
  code.end();

  code.get(PARAMETER.state);
  code.i32(HART.regions);
  code.op("i32.add");
  code.tee(LOCAL.entry);
  code.get(PARAMETER.state);
  code.access("i32.load", HART.regionCount);
  code.i32(REGION_BYTES);
  code.op("i32.mul");
  code.op("i32.add");
  code.set(LOCAL.last);
  const done = code.block();
  const next = code.loop();
  code.get(LOCAL.entry);
  code.get(LOCAL.last);
  code.op("i32.eq");
  code.brIf(done);
  // within = address + RAM_BASE - base
  code.get(PARAMETER.address);
  code.i64(RAM_BASE);
  code.op("i64.add");
  code.get(LOCAL.entry);
  code.access("i64.load", REGION.base);
  code.op("i64.sub");
  code.set(LOCAL.within);
  const outside = code.block();
  code.get(LOCAL.within);
  code.get(LOCAL.entry);
  code.access("i64.load", REGION.bytes);
  code.op("i64.ge_u");
  code.brIf(outside);
  // bytes that the region still has from there >= bytes asked for
  code.get(LOCAL.entry);
  code.access("i64.load", REGION.bytes);
  code.get(LOCAL.within);
  code.op("i64.sub");
  code.get(LOCAL.bytes);
  code.op("i64.extend_i32_u");
  code.op("i64.lt_u");
  code.brIf(outside);
  // all rights asked for, and no device
  code.get(LOCAL.entry);
  code.access("i32.load", REGION.rights);
  code.get(LOCAL.rights);
  code.i32(RIGHT.device);
  code.op("i32.or");
  code.op("i32.and");
  code.get(LOCAL.rights);
  code.op("i32.ne");
  code.brIf(outside);
  code.get(LOCAL.within);
  code.op("i32.wrap_i64");
  code.get(LOCAL.entry);
  code.access("i32.load", REGION.offset);
  code.op("i32.add");
  code.return();
  code.end();
  code.get(LOCAL.entry);
  code.i32(REGION_BYTES);
  code.op("i32.add");
  code.set(LOCAL.entry);
  code.br(next);
  code.end();
  code.end();
  code.i32(-1);
  code.end();
  return code;
}
