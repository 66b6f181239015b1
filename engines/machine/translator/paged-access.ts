// Guest loads and stores under page tables, in generated code: the TLB's look-up, and `locate` where it misses. What
// that does not find (a device, a fault, two pages) fails.

import { LOCATE } from "../core.ts";
import { HART, REMEMBERED, TLB } from "../layout.ts";
import type { Code } from "../wasm/code.ts";
import { emitAlignmentCheck } from "./memory-access.ts";
import type { MemoryAccess } from "./memory-access.ts";

const PAGE_BYTES = 0x1000;
/** A page's index in the TLB, times TLB.entryBytes, is in the address above this many bits. */
const INDEX_SHIFT = 12 - Math.log2(TLB.entryBytes);
const INDEX_MASK = (TLB.entries - 1) * TLB.entryBytes;

export interface PagedContext {
  readonly state: number;
  /** i64: the address; still set in `fail`. */
  readonly address: number;
  /** i32: a host offset. */
  readonly offset: number;
  /** i32: free for the look-up. */
  readonly entry: number;
  /** Function index. */
  readonly locate: number;
  /** Host offset of the TLB less `tlbOffset`. */
  pushTlb(code: Code): void;
  readonly tlbOffset: number;
  /** Null: the addend is taken from the entry. */
  readonly guess: Guess | null;
  /** Emits what leaves the instruction; control does not come back from it. */
  fail(code: Code): void;
}

/** What a place in the code remembers: its entry's offset in the hart block, and the function that finds what is not there. */
export interface Place {
  readonly offset: number;
  readonly remember: number;
}

/** Where the addend that is likely lies in the hart block, and a local (i32) for it. */
export interface Guess {
  readonly offset: number;
  readonly local: number;
}

export function pagedAccess(context: PagedContext): MemoryAccess {
  return {
    bias: 0,
    load(code, bytes, access) {
      emitLookUp(code, context, bytes, 0);
      code.get(context.offset);
      code.access(access);
    },
    store(code, bytes, access, pushValue) {
      emitLookUp(code, context, bytes, LOCATE.write);
      code.get(context.offset);
      pushValue();
      code.access(access);
    },
    atomicOffset(code, bytes, writes) {
      emitAlignmentCheck(code, context, bytes);
      emitLookUp(code, context, bytes, writes ? LOCATE.write : 0);
    },
  };
}

/** Takes an address (i64) and leaves in context.offset where the `bytes` from there on lie. `request`: bits of LOCATE. */
export function emitLookUp(code: Code, context: PagedContext, bytes: number, request: number): void {
  const tag = (request & LOCATE.write) === 0 ? TLB.read : TLB.write;
  emitEntry(code, context);
  if (context.guess === null) pushAddend(code, context);
  else pushGuess(code, context, context.guess);
  code.get(context.address);
  code.op("i32.wrap_i64");
  code.op("i32.add");
  code.set(context.offset);
  code.get(context.address);
  code.get(context.entry);
  code.access("i64.load", context.tlbOffset + tag);
  code.op("i64.sub");
  code.i64(PAGE_BYTES - bytes);
  code.op("i64.gt_u");
  code.markUnlikely();
  code.if();
  code.get(context.state);
  code.get(context.address);
  code.access("i64.store", HART.trapValue);
  code.get(context.state);
  code.i32(bytes | request);
  code.call(context.locate);
  code.tee(context.offset);
  code.i32(-1);
  code.op("i32.eq");
  code.if();
  context.fail(code);
  code.end();
  code.end();
}

/** The same, unless the range lies in the pages that the entry at `place.offset` of the hart block remembers. */
export function emitRemembered(code: Code, context: PagedContext, bytes: number, request: number, place: Place): void {
  code.tee(context.address);
  code.get(context.state);
  code.access("i64.load", place.offset + REMEMBERED.page);
  code.op("i64.sub");
  code.get(context.state);
  code.access("i64.load", place.offset + REMEMBERED.length);
  code.op("i64.ge_u");
  code.markUnlikely();
  code.if();
  pushRemember(code, context, bytes, request, place);
  code.tee(context.offset);
  code.i32(-1);
  code.op("i32.eq");
  code.if();
  context.fail(code);
  code.end();
  code.else();
  code.get(context.state);
  code.access("i32.load", place.offset + REMEMBERED.addend);
  code.get(context.address);
  code.op("i32.wrap_i64");
  code.op("i32.add");
  code.set(context.offset);
  code.end();
}

function pushRemember(code: Code, context: PagedContext, bytes: number, request: number, place: Place): void {
  code.get(context.state);
  code.get(context.address);
  code.i32(bytes | request);
  code.get(context.state);
  code.i32(place.offset);
  code.op("i32.add");
  code.call(place.remember);
}

function pushAddend(code: Code, context: PagedContext): void {
  code.get(context.entry);
  code.access("i32.load", context.tlbOffset + TLB.addend);
}

function pushGuess(code: Code, context: PagedContext, { offset, local }: Guess): void {
  code.get(context.state);
  code.access("i32.load", offset);
  code.tee(local);
  pushAddend(code, context);
  code.op("i32.ne");
  code.markUnlikely();
  code.if();
  code.get(context.state);
  pushAddend(code, context);
  code.tee(local);
  code.access("i32.store", offset);
  code.end();
  code.get(local);
}

/** Takes an address, and leaves it in context.address and its entry, less context.tlbOffset, in context.entry. */
export function emitEntry(
  code: Code, context: { readonly address: number; readonly entry: number; pushTlb(code: Code): void },
): void {
  code.tee(context.address);
  code.op("i32.wrap_i64");
  code.i32(INDEX_SHIFT);
  code.op("i32.shr_u");
  code.i32(INDEX_MASK);
  code.op("i32.and");
  context.pushTlb(code);
  code.op("i32.add");
  code.set(context.entry);
}
