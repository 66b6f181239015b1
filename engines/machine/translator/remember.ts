// `remember`: where translated code looks a range up that does not lie in what its place remembers. Pages that are
// neighbours in memory are remembered as one run, which grows as the place meets more of them: what was mapped once
// may be relied on until a fence (Volume II, 4.2.1), which makes all places forget.

import { LOCATE } from "../core.ts";
import { HART, REMEMBERED, TLB } from "../layout.ts";
import { Code } from "../wasm/code.ts";
import { emitEntry } from "./paged-access.ts";

const PAGE_BYTES = 0x1000;
/** How many pages on each side of a range are looked for in the TLB. */
const NEIGHBOURS = 16;
/** From LOCATE.write to what lies between the tags of reads and writes in a TLB entry. */
const TAG_SHIFT = Math.log2(LOCATE.write / (TLB.write - TLB.read));

const PARAMETER = { state: 0, address: 1, request: 2, place: 3 } as const;
const LOCAL = { entry: 4, offset: 5, bytes: 6, tag: 7, probes: 8, page: 9, length: 10, other: 11 } as const;
export const REMEMBER_LOCALS = { i32: 5, i64: 3 } as const;

/**
 * Body of remember(state, address, request, place): the host offset of the range at `address`, or -1. `request` is
 * packed as LOCATE says; `place` is the host offset of an entry as REMEMBERED says.
 */
export function rememberBody(locate: number): Code {
  const code = new Code();
  code.get(PARAMETER.request);
  code.i32(LOCATE.bytes);
  code.op("i32.and");
  code.set(LOCAL.bytes);
  code.get(PARAMETER.request);
  code.i32(LOCATE.write);
  code.op("i32.and");
  code.i32(TAG_SHIFT);
  code.op("i32.shr_u");
  code.set(LOCAL.tag);
  emitOffset(code, locate);
  emitOwnPages(code);
  emitNeighbours(code, PAGE_BYTES);
  emitNeighbours(code, -PAGE_BYTES);
  emitUnion(code);
  emitStore(code);
  code.get(LOCAL.offset);
  code.end();
  return code;
}

/** LOCAL.offset = where the range lies, by the TLB or else by `locate`. */
function emitOffset(code: Code, locate: number): void {
  code.get(PARAMETER.address);
  pushHit(code, PARAMETER.address, () => {
    code.i64(PAGE_BYTES);
    pushBytes(code);
    code.op("i64.sub");
  });
  code.if();
  code.get(LOCAL.entry);
  code.access("i32.load", TLB.addend);
  code.get(PARAMETER.address);
  code.op("i32.wrap_i64");
  code.op("i32.add");
  code.set(LOCAL.offset);
  code.else();
  code.get(PARAMETER.state);
  code.get(PARAMETER.address);
  code.access("i64.store", HART.trapValue);
  code.get(PARAMETER.state);
  code.get(PARAMETER.request);
  code.call(locate);
  code.tee(LOCAL.offset);
  code.i32(-1);
  code.op("i32.eq");
  code.if();
  code.i32(-1);
  code.return();
  code.end();
  code.end();
}

/** [page, page + length) = the pages of the range. */
function emitOwnPages(code: Code): void {
  code.get(PARAMETER.address);
  pushPageOf(code);
  code.set(LOCAL.page);
  code.get(PARAMETER.address);
  pushBytes(code);
  code.op("i64.add");
  code.i64(PAGE_BYTES - 1);
  code.op("i64.add");
  pushPageOf(code);
  code.get(LOCAL.page);
  code.op("i64.sub");
  code.set(LOCAL.length);
}

/** Lengthens the run by pages that the TLB knows to be neighbours: behind it if `step` is positive, else before it. */
function emitNeighbours(code: Code, step: number): void {
  code.i32(NEIGHBOURS);
  code.set(LOCAL.probes);
  const done = code.block();
  const again = code.loop();
  code.get(LOCAL.page);
  if (step > 0) code.get(LOCAL.length);
  else code.i64(step);
  code.op("i64.add");
  code.tee(LOCAL.other);
  pushHit(code, LOCAL.other, () => code.i64(0));
  code.op("i32.eqz");
  code.brIf(done);
  code.get(LOCAL.entry);
  code.access("i32.load", TLB.addend);
  pushAddend(code);
  code.op("i32.ne");
  code.brIf(done);
  if (step < 0) {
    code.get(LOCAL.other);
    code.set(LOCAL.page);
  }
  code.get(LOCAL.length);
  code.i64(PAGE_BYTES);
  code.op("i64.add");
  code.set(LOCAL.length);
  code.get(LOCAL.probes);
  code.i32(1);
  code.op("i32.sub");
  code.tee(LOCAL.probes);
  code.brIf(again);
  code.end();
  code.end();
}

/** Joins the run with the one that the place remembers, if they touch and lie in memory as they do in addresses. */
function emitUnion(code: Code): void {
  const apart = code.block();
  code.get(PARAMETER.place);
  code.access("i64.load", REMEMBERED.length);
  code.op("i64.eqz");
  code.brIf(apart);
  code.get(PARAMETER.place);
  code.access("i32.load", REMEMBERED.addend);
  pushAddend(code);
  code.op("i32.ne");
  code.brIf(apart);
  // other = how far behind the remembered run's begin this one begins
  code.get(LOCAL.page);
  code.get(PARAMETER.place);
  code.access("i64.load", REMEMBERED.page);
  code.op("i64.sub");
  code.tee(LOCAL.other);
  pushKnownLength(code);
  code.op("i64.le_u");
  code.if();
  code.get(LOCAL.page);
  code.get(LOCAL.other);
  code.op("i64.sub");
  code.set(LOCAL.page);
  code.get(LOCAL.length);
  code.get(LOCAL.other);
  code.op("i64.add");
  code.tee(LOCAL.length);
  pushKnownLength(code);
  emitLarger(code);
  code.else();
  code.i64(0);
  code.get(LOCAL.other);
  code.op("i64.sub");
  code.tee(LOCAL.other);
  code.get(LOCAL.length);
  code.op("i64.gt_u");
  code.brIf(apart);
  code.get(LOCAL.length);
  code.get(LOCAL.other);
  pushKnownLength(code);
  code.op("i64.add");
  emitLarger(code);
  code.end();
  code.end();
}

/** Takes LOCAL.length and another length, and sets it to the larger. */
function emitLarger(code: Code): void {
  code.tee(LOCAL.other);
  code.get(LOCAL.length);
  code.get(LOCAL.other);
  code.op("i64.gt_u");
  code.select();
  code.set(LOCAL.length);
}

function emitStore(code: Code): void {
  code.get(PARAMETER.place);
  code.get(LOCAL.page);
  code.access("i64.store", REMEMBERED.page);
  code.get(PARAMETER.place);
  code.get(LOCAL.length);
  pushBytes(code);
  code.op("i64.sub");
  code.i64(1);
  code.op("i64.add");
  code.access("i64.store", REMEMBERED.length);
  code.get(PARAMETER.place);
  pushAddend(code);
  code.access("i32.store", REMEMBERED.addend);
}

/** Takes an address; sets LOCAL.entry, and pushes whether it lies at most so far behind the begin of the entry's page. */
function pushHit(code: Code, address: number, pushMost: () => void): void {
  emitEntry(code, { address, entry: LOCAL.entry, pushTlb: () => { code.get(PARAMETER.state); code.access("i32.load", HART.tlb); } });
  code.get(address);
  code.get(LOCAL.entry);
  code.get(LOCAL.tag);
  code.op("i32.add");
  code.access("i64.load", TLB.read);
  code.op("i64.sub");
  pushMost();
  code.op("i64.le_u");
}

/** Pushes the length of the run that the place remembers. */
function pushKnownLength(code: Code): void {
  code.get(PARAMETER.place);
  code.access("i64.load", REMEMBERED.length);
  pushBytes(code);
  code.op("i64.add");
  code.i64(1);
  code.op("i64.sub");
}

function pushAddend(code: Code): void {
  code.get(LOCAL.offset);
  code.get(PARAMETER.address);
  code.op("i32.wrap_i64");
  code.op("i32.sub");
}

function pushBytes(code: Code): void {
  code.get(LOCAL.bytes);
  code.op("i64.extend_i32_u");
}

function pushPageOf(code: Code): void {
  code.i64(-PAGE_BYTES);
  code.op("i64.and");
}
