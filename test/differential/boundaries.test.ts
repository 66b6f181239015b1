// Every form of load, store and atomic at and across the ends of memory: which address faults with which cause,
// that a fault changes nothing, and that it is precise in the middle of translated code.

import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { INSTRUCTIONS, MNEMONICS, type Instruction, type Mnemonic } from "../../engines/machine/instructions/table.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import type { PhysicalMemory } from "../../engines/machine/memory.ts";
import { CaseProber, MARGIN } from "./case-prober.ts";
import { encode } from "./encode.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import {
  CODE, faultOf, guestView, highOf, lowOf, MAPS, PAGED_MAPS, patternedMemory, RAM, whole, writePageTables, type Fault, type MemoryMap,
} from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity, slice: 100_000 }, { hotThreshold: 1, slice: 100_000 }, { hotThreshold: 1, slice: 100_000, shared: true }, { hotThreshold: 1, slice: 100_000, placed: true }];
const LIMIT = 10_000_000;
const MISALIGNED = { load: 4, store: 6 } as const;

// ---- the accesses -------------------------------------------------------------------------------
interface Form {
  readonly name: string;
  readonly bytes: number;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly atomic: boolean;
  readonly word: number;
  readonly length: 2 | 4;
}

const VALUE = 10;
const POINTER = 11;
const STACK_POINTER = 2; // the base of the forms that have no other
const COUNT = 5;

function formsOf(mnemonic: Mnemonic): readonly Form[] {
  const instruction: Instruction = INSTRUCTIONS[mnemonic];
  if (!("bytes" in instruction)) return [];
  const { kind, bytes } = instruction;
  const rs2 = kind === "load" || kind === "load-reserved" ? 0 : VALUE;
  return [{
    name: mnemonic, bytes, length: 4,
    word: encode(mnemonic, { rd: VALUE, rs1: POINTER, rs2, immediate: 0 }),
    atomic: kind !== "load" && kind !== "store",
    reads: kind !== "store", writes: kind !== "load" && kind !== "load-reserved",
  }];
}

const compressed = (name: string, bytes: number, writes: boolean, word: number): Form =>
  ({ name, bytes, reads: !writes, writes, atomic: false, word, length: 2 });
const FORMS: readonly Form[] = [
  ...MNEMONICS.flatMap(formsOf),
  compressed("c.lw", 4, false, 0x4188), compressed("c.ld", 8, false, 0x6188),
  compressed("c.sw", 4, true, 0xc188), compressed("c.sd", 8, true, 0xe188),
  compressed("c.lwsp", 4, false, 0x4502), compressed("c.ldsp", 8, false, 0x6502),
  compressed("c.swsp", 4, true, 0xc02a), compressed("c.sdsp", 8, true, 0xe02a),
];

/** Where an access faults, if it does: the value of xtval and the cause. */
function expectedFault(form: Form, address: bigint, map: MemoryMap): { readonly cause: number; readonly value: bigint } | null {
  if (form.atomic && address % BigInt(form.bytes) !== 0n) {
    return { cause: form.writes ? MISALIGNED.store : MISALIGNED.load, value: address };
  }
  const needed = (form.writes ? RIGHT.write : 0) | (form.reads ? RIGHT.read : 0);
  for (let index = 0n; index < form.bytes; index++) {
    const at = BigInt.asUintN(64, address + index);
    const area = map.areas.find(({ base, bytes, rights }) => at >= base && at < base + bytes && (rights & needed) === needed);
    // The part that is not there is what faults (Volume II, "Supervisor Trap Value").
    const cause = area === undefined ? map.cause : ((area.beyond?.rights ?? needed) & needed) === needed ? undefined : map.beyond;
    if (cause !== undefined) return { cause: form.writes ? cause.store : cause.load, value: at };
  }
  return null;
}

// ---- the engine that tries them -------------------------------------------------------------------
const STORED = 0x1122_3344_5566_7788n;

interface Case {
  readonly form: Form;
  readonly pc: number;
  readonly address: bigint;
}

/** What there was to see when the access had trapped, or the call behind it had. */
interface Observation {
  readonly fault: Fault | null;
  /** How many of the two addi around the access were executed. */
  readonly count: number;
  readonly value: bigint;
  /** Bytes around the address before and after; -1 where nothing is mapped. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

class Prober extends CaseProber<Case, Observation> {
  protected override prepare(hart: Hart, { pc, address }: Case): void {
    hart.setResume(pc, 0);
    hart.setX(COUNT, 0, 0);
    hart.setX(VALUE, lowOf(STORED), highOf(STORED));
    for (const register of [POINTER, STACK_POINTER]) hart.setX(register, lowOf(address), highOf(address));
  }

  protected override observe(hart: Hart, one: Case, before: readonly number[]): Observation {
    const value = whole(hart.xLow(VALUE), hart.xHigh(VALUE));
    return { fault: faultOf(hart, this.map), count: hart.xNumber(COUNT), value, before, after: this.bytes(one) };
  }

  protected override bytes({ address }: Case): readonly number[] {
    return this.around(address);
  }
}

/** What must be observed, given what was there before (and, of an atomic operation's own bytes, what is there now). */
function wantedOf({ form, pc, address }: Case, map: MemoryMap, { before, after }: Observation): Observation {
  const fault = expectedFault(form, address, map);
  if (fault !== null) return { fault: { ...fault, pc: BigInt(pc + 4) }, count: 1, value: STORED, before, after: before };
  const there = before.slice(MARGIN, MARGIN + form.bytes);
  // No reservation is held: a store-conditional fails and stores nothing.
  const fails = form.name.startsWith("sc.");
  const read = fails ? 1n : extended(there, form.name.endsWith("u") && !form.atomic);
  const stored = form.atomic && !form.name.startsWith("amoswap")
    // What it computes is another test's business: here, that it stays inside its bytes.
    ? after.slice(MARGIN, MARGIN + form.bytes)
    : Array.from({ length: form.bytes }, (_, index) => Number((STORED >> BigInt(8 * index)) & 0xffn));
  const changed = form.writes && !fails ? before.toSpliced(MARGIN, form.bytes, ...stored) : before;
  return { fault, count: 2, value: form.reads ? read : STORED, before, after: changed };
}

function extended(bytes: readonly number[], unsigned: boolean): bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return BigInt.asUintN(64, unsigned ? value : BigInt.asIntN(8 * bytes.length, value));
}

/** Puts addi, the form, addi, ecall for every form at CODE; answers where each begins. */
function placeForms(memory: PhysicalMemory, map: MemoryMap): readonly number[] {
  const view = guestView(memory, map);
  const count = encode("addi", { rd: COUNT, rs1: COUNT, immediate: 1 });
  return FORMS.map((form, index) => {
    const start = CODE - RAM + 16 * index;
    const after = start + 4 + form.length;
    view.setUint32(start, count, true);
    if (form.length === 2) view.setUint16(start + 4, form.word, true);
    else view.setUint32(start + 4, form.word, true);
    view.setUint32(after, count, true);
    view.setUint32(after + 4, encode("ecall"), true);
    return RAM + start;
  });
}

function addressesOf(map: MemoryMap): readonly bigint[] {
  const ends = new Set(map.areas.flatMap(({ base, bytes }) => [base, base + bytes]));
  const near = [...ends].flatMap((end) => Array.from({ length: 18 }, (_, index) => BigInt(end + index - 9)));
  const top = 1n << 64n;
  return [...near, 0n, 1n, 0x1800_0000n, BigInt(RAM) + (1n << 32n), BigInt(RAM) + (1n << 63n), top - 1n, top - 8n];
}

const GUESTS = (["machine", "hypervisor"] as const).flatMap((mode) => [
  { mode, addresses: "physical", map: MAPS[mode], tiers: TIERS },
  // How translations are shared is the business of physical ones.
  { mode, addresses: "virtual", map: PAGED_MAPS[mode], tiers: TIERS.slice(0, 2) },
]);

describe.each(GUESTS)("in a guest of a $mode-mode engine with $addresses addresses", ({ mode, map, tiers }) => {

  test.each(tiers)("loads, stores and atomics fault where memory ends (threshold $hotThreshold)", (tier) => {
    const memory = patternedMemory();
    writePageTables(memory, map);
    const places = placeForms(memory, map);
    const cases = FORMS.flatMap((form, index) =>
      addressesOf(map).map((address) => ({ form, pc: places[index], address })));
    const prober = new Prober(memory, map, cases);
    const { machine, core } = makeMachine(memory, prober, { ...tier, mode });
    runUntilHalted(machine, { ...tier, mode }, LIMIT);
    const surprises = cases.flatMap((one, index) => {
      const seen = prober.seen[index];
      const wanted = wantedOf(one, map, seen);
      return isDeepStrictEqual(seen, wanted) ? [] : [{ name: `${one.form.name} at ${one.address.toString(16)}`, seen, wanted }];
    });
    expect(surprises).toEqual([]);
    const faults = prober.seen.filter(({ fault }) => fault !== null).length;
    expect(Math.min(faults, cases.length - faults)).toBeGreaterThan(200);
    expect(core.statistics().units > 0).toBe(tier.hotThreshold === 1);
  });
});
