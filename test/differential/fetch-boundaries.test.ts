// Fetches at and across the ends of pages and of memory: every kind of instruction that ends there or lies across, every
// way of getting to it, everything that may be behind. What is there is executed; what is not faults precisely, at the
// part that is not there, and nothing behind the end is looked at before it is needed.

import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { CSR, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import type { Software } from "../../engines/machine/machine.ts";
import type { PhysicalMemory } from "../../engines/machine/memory.ts";
import { encode } from "./encode.ts";
import { bareEdge, bareMaps, type Edge, pagedEdges } from "./fetch-edges.ts";
import { AFTER, COUNT, DATA, FUNCTION, LINK, POINTER, type Sequence, SEQUENCES } from "./fetch-steps.ts";
import { GuestPageTables, LEAF } from "./guest-page-tables.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import { enterGuest, guestView, highOf, lowOf, MAPS, patternedMemory, RAM, TABLES, whole, type MemoryMap } from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity }, { hotThreshold: 1 }, { hotThreshold: 1, shared: true }, { hotThreshold: 1, placed: true }].map((tier) => ({ ...tier, slice: 100_000 }));
const LIMIT = 10_000_000;
const PAGE = 0x1000;
const USER_CALL = 8;
const SPP = 1 << 8;
const MPP = 3 << 11;
const MPP_SUPERVISOR = 1 << 11;
const MARK = 0x1234_5678;

/** Offsets in the page before an edge. */
const PLACE = { data: 0x100, function: 0x200, jump: 0x300, register: 0x310, sret: 0x320, away: PAGE - 0x40 } as const;
const WAYS = ["engine", "jump", "register", "sret"] as const;
type Way = (typeof WAYS)[number];

interface Case {
  readonly edge: Edge;
  readonly sequence: Sequence;
  /** How control comes to the sequence. */
  readonly way: Way;
}

interface Seen {
  readonly cause: number;
  readonly pc: bigint;
  readonly value: bigint;
  readonly guest: bigint;
  readonly count: number;
  readonly link: bigint;
  /** A of the page behind the edge. */
  readonly accessed: boolean;
}

const unsigned = (address: number): bigint => BigInt.asUintN(64, BigInt(address));
const lengthOf = ({ steps, over }: Sequence): number => steps.reduce((sum, { bytes }) => sum + bytes, -over);

/** Runs one case after another, each in the rounds of its edge. */
class Prober implements Software {
  readonly seen: Seen[][] = [];
  readonly #map: MemoryMap;
  readonly #view: DataView;
  readonly #tables: GuestPageTables | null;
  readonly #cases: readonly Case[];
  #round = 0;

  constructor(memory: PhysicalMemory, map: MemoryMap, cases: readonly Case[], paged: boolean) {
    this.#map = map;
    this.#view = guestView(memory, map);
    this.#tables = paged ? new GuestPageTables(this.#view, TABLES) : null;
    this.#cases = cases;
  }

  boot(): void {
    // Memory has been filled by the test.
  }

  start(hart: Hart): void {
    enterGuest(hart, this.#map);
    if (this.#tables !== null) hart.setCsr(this.#map.mode === "hypervisor" ? CSR.vsatp : CSR.satp, this.#tables.rootPage, 8 << 28);
    this.#next(hart);
  }

  trap(hart: Hart): void {
    const hypervisor = this.#map.mode === "hypervisor";
    const [epc, tval] = hypervisor ? [CSR.sepc, CSR.stval] : [CSR.mepc, CSR.mtval];
    const read = (csr: number): bigint => whole(hart.csrLow(csr), hart.csrHigh(csr));
    const seen = this.seen.at(-1)!;
    const { edge } = this.#cases[this.seen.length - 1];
    seen.push({
      cause: hart.trapCause(), pc: read(epc), value: read(tval), guest: hypervisor ? read(CSR.htval) << 2n : 0n,
      count: hart.xNumber(COUNT), link: whole(hart.xLow(LINK), hart.xHigh(LINK)), accessed: this.#isAccessed(edge),
    });
    if (++this.#round < edge.rounds.length) this.#enter(hart);
    else this.#next(hart);
  }

  #next(hart: Hart): void {
    if (this.seen.length === this.#cases.length) return hart.halt();
    const one = this.#cases[this.seen.length];
    this.seen.push([]);
    this.#round = 0;
    this.#write(one);
    hart.fenceInstructions();
    this.#enter(hart);
  }

  #enter(hart: Hart): void {
    const { edge, way, sequence } = this.#cases[this.seen.length - 1];
    const start = edge.virtual + PAGE - lengthOf(sequence);
    if (this.#tables !== null) this.#remap(hart, this.#tables, edge);
    const set = (register: number, value: number): void => hart.setX(register, lowOf(BigInt(value)), highOf(BigInt(value)));
    set(COUNT, 0);
    set(LINK, MARK);
    set(8, 0);
    set(POINTER, start);
    set(FUNCTION, edge.virtual + PLACE.function);
    set(DATA, edge.virtual + PLACE.data);
    const to = BigInt(way === "engine" ? start : edge.virtual + PLACE[way]);
    hart.setResume(lowOf(to), highOf(to));
    const [status, previous, supervisor] = this.#map.mode === "hypervisor" ? [CSR.sstatus, SPP, SPP] : [CSR.mstatus, MPP, MPP_SUPERVISOR];
    hart.clearCsrBits(status, previous);
    if (!edge.user) hart.setCsrBits(status, supervisor);
    // The guest's own sret goes where it was.
    hart.setCsrBits(this.#map.mode === "hypervisor" ? CSR.vsstatus : CSR.sstatus, SPP);
    hart.setCsr(this.#map.mode === "hypervisor" ? CSR.vsepc : CSR.sepc, lowOf(BigInt(start)), highOf(BigInt(start)));
  }

  #remap(hart: Hart, tables: GuestPageTables, edge: Edge): void {
    const behind = edge.rounds[this.#round];
    const before = edge.rounds[this.#round - 1];
    // What stays as it is needs no fence: the second time, everything is remembered.
    if (behind === before && (behind.leaf & LEAF.A) !== 0) return;
    tables.map(edge.virtual, edge.page, LEAF.V | LEAF.R | LEAF.W | LEAF.X | LEAF.A | LEAF.D | (edge.user ? LEAF.U : 0));
    if (edge.virtual + PAGE !== 2 ** 38) tables.map(edge.virtual + PAGE, behind.page, behind.leaf);
    hart.fenceGuest();
  }

  #isAccessed({ virtual }: Edge): boolean {
    return this.#tables !== null && virtual + PAGE !== 2 ** 38 && (this.#tables.bits(virtual + PAGE) & LEAF.A) !== 0;
  }

  #write({ edge, sequence }: Case): void {
    const put = (at: number, word: number, bytes: number): void => {
      this.#view.setUint16(at, word, true);
      if (bytes === 4) this.#view.setUint16(at + 2, word >>> 16, true);
    };
    const page = edge.page - RAM;
    const length = lengthOf(sequence);
    put(page + PLACE.function, 0x8082, 2); // c.jr ra
    put(page + PLACE.jump, encode("jal", { immediate: PAGE - length - PLACE.jump }), 4);
    put(page + PLACE.register, encode("jalr", { rs1: POINTER }), 4);
    put(page + PLACE.sret, encode("sret"), 4);
    put(page + PLACE.away, encode("ecall"), 4);
    let at = PAGE - length;
    for (const step of [...sequence.steps, ...AFTER]) {
      const word = step.word(PLACE.away - at);
      // By halves: what lies behind the edge may lie anywhere, or nowhere, and be several pages in turn.
      for (let half = 0; half < step.bytes; half += 2) {
        const bits = (word >>> (8 * half)) & 0xffff;
        if (at + half < PAGE) put(page + at + half, bits, 2);
        else for (const { page: next } of edge.rounds) if (this.#isWritable(next)) put(next - RAM + at + half - PAGE, bits, 2);
      }
      at += step.bytes;
    }
  }

  #isWritable(page: number): boolean {
    return page >= RAM && page < RAM + this.#view.byteLength;
  }
}

/** What must be seen in a round. */
function wantedOf({ edge, sequence: { steps, over } }: Case, { leaf, fetching }: Edge["rounds"][number], mode: EngineMode): Seen {
  const end = unsigned(edge.virtual + PAGE);
  const last = steps.at(-1)!;
  const counted = (some: readonly { readonly counts?: true }[]): number => some.filter(({ counts }) => counts === true).length;
  const needed = over > 0 || last.leaves !== true;
  const called = steps.find(({ calls }) => calls === true);
  /** Where a call returns to. */
  const linkOf = (executed: readonly typeof last[]): bigint => (called === undefined || !executed.includes(called) ? BigInt(MARK)
    : called === last ? BigInt.asUintN(64, end + BigInt(over)) : BigInt.asUintN(64, end + BigInt(over - last.bytes)));
  const accessed = (leaf & LEAF.A) !== 0 || (needed && fetching === null && leaf !== 0);
  if (needed && fetching !== null) {
    const executed = over > 0 ? steps.slice(0, -1) : steps;
    const pc = over > 0 ? BigInt.asUintN(64, end - 2n) : end;
    return { ...fetching, pc, value: end, count: counted(executed), link: linkOf(executed), accessed };
  }
  const call = { cause: edge.user ? USER_CALL : MAPS[mode].call, value: 0n, guest: 0n, count: counted(steps), link: linkOf(steps), accessed };
  if (last.leaves === true) return { ...call, pc: unsigned(edge.virtual + PLACE.away) };
  const after = AFTER.slice(0, -1);
  const length = after.reduce<number>((sum, { bytes }) => sum + bytes, over);
  return { ...call, pc: BigInt.asUintN(64, end + BigInt(length)), count: counted([...steps, ...after]) };
}

/** The first cases that came out otherwise, by name. */
function surprises(mode: EngineMode, map: MemoryMap, edges: readonly Edge[], tier: (typeof TIERS)[number], paged: boolean): readonly unknown[] {
  const memory = patternedMemory();
  const cases = edges.flatMap((edge) => SEQUENCES.flatMap((sequence) => WAYS.filter((way) => !edge.user || way !== "sret").map((way): Case => ({ edge, sequence, way }))));
  const prober = new Prober(memory, map, cases, paged);
  const { machine, core } = makeMachine(memory, prober, { ...tier, mode });
  runUntilHalted(machine, { ...tier, mode }, LIMIT);
  expect(core.statistics().units > 0).toBe(tier.hotThreshold === 1);
  return cases.flatMap((one, index) => {
    const name = `${one.edge.name}: ${one.sequence.steps.map((step) => step.name).join(", ")}${one.sequence.over > 0 ? " across" : ""}, by ${one.way}`;
    const wanted = one.edge.rounds.map((behind) => wantedOf(one, behind, mode));
    const seen = prober.seen[index];
    return isDeepStrictEqual(seen, wanted) ? [] : [{ name, seen, wanted }];
  }).slice(0, 3);
}

describe.each(["machine", "hypervisor"] as const)("a fetch of a guest of a %s-mode engine", (mode) => {
  describe.each(TIERS)("threshold $hotThreshold, shared $shared, placed $placed", (tier) => {
    test.each(bareMaps(mode))("at and across $name", (bare) => {
      expect(surprises(mode, bare.map, [bareEdge(bare)], tier, false)).toEqual([]);
    });
  });

  // How translations are shared is the business of physical addresses.
  test.each(TIERS.slice(0, 2))("at and across the ends of pages, threshold $hotThreshold", (tier) => {
    expect(surprises(mode, MAPS[mode], pagedEdges(mode), tier, true)).toEqual([]);
  });
});
