// LR and SC at and across the ends of memory: a pair succeeds on the same bytes with the same width only, one that is
// not there faults, and what fails or faults changes nothing and keeps no reservation.
// Volume I, "Zalrsc", leaves open whether an SC without a reservation faults where it may not write: here it does.

import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import { CaseProber, MARGIN } from "./case-prober.ts";
import { encode } from "./encode.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import {
  areaOf, CODE, faultOf, guestView, highOf, lowOf, MAPS, NOWHERE, PAGED_MAPS, patternedMemory, RAM, whole, writePageTables, type Fault, type MemoryMap,
} from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity }, { hotThreshold: 1 }, { hotThreshold: 1, shared: true }].map((tier) => ({ ...tier, slice: 100_000 }));
const LIMIT = 1_000_000;
const PAGE = 0x1000;
const ALIAS = 0x9010_0000;

const LOADED_AT = 11;
const STORED_AT = 12;
const VALUE = 13;
/** What LR read; what SC answered, and a second SC where LR was. */
const RESULTS = [14, 15, 16] as const;
const UNTOUCHED = 0x55;
const STORED = 0x1122_3344_5566_7788n;
const WIDTHS = ["w", "d"] as const;
type Width = (typeof WIDTHS)[number];
const BYTES: Readonly<Record<Width, number>> = { w: 4, d: 8 };

interface Case {
  readonly load: Width;
  readonly store: Width;
  readonly loaded: bigint;
  readonly stored: bigint;
  /** The engine handles a call of the guest's between LR and SC. */
  readonly call: boolean;
}

interface Seen {
  readonly fault: Fault | null;
  readonly results: readonly bigint[];
  /** Bytes around both addresses. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

class Prober extends CaseProber<Case, Seen> {
  protected override prepare(hart: Hart, one: Case): void {
    hart.setResume(placeOf(one) | 0, 0);
    for (const [register, value] of [[LOADED_AT, one.loaded], [STORED_AT, one.stored], [VALUE, STORED]] as const) hart.setX(register, lowOf(value), highOf(value));
    for (const register of RESULTS) hart.setX(register, UNTOUCHED, 0);
  }

  protected override observe(hart: Hart, one: Case, before: readonly number[]): Seen | undefined {
    const fault = faultOf(hart, this.map);
    if (fault === null && hart.trapPcLow() === (placeOf(one) + 4 | 0)) {
      hart.advance();
      return undefined;
    }
    return { fault, results: RESULTS.map((register) => whole(hart.xLow(register), hart.xHigh(register))), before, after: this.bytes(one) };
  }

  protected override bytes({ loaded, stored }: Case): readonly number[] {
    return [...this.around(loaded), ...this.around(stored)];
  }
}

const PROGRAMS = WIDTHS.flatMap((load) => WIDTHS.flatMap((store) => [false, true].map((call) => ({ load, store, call }))));
const PROGRAM_BYTES = 32;

function placeOf(one: Pick<Case, "load" | "store" | "call">): number {
  return CODE + PROGRAM_BYTES * PROGRAMS.findIndex(({ load, store, call }) => load === one.load && store === one.store && call === one.call);
}

/** LR, a call or nothing, SC, SC where LR was, and a call. */
function writePrograms(view: DataView): void {
  for (const program of PROGRAMS) {
    const { load, store, call } = program;
    const words = [
      encode(`lr.${load}`, { rd: RESULTS[0], rs1: LOADED_AT }), encode(call ? "ecall" : "addi"),
      encode(`sc.${store}`, { rd: RESULTS[1], rs1: STORED_AT, rs2: VALUE }), encode(`sc.${load}`, { rd: RESULTS[2], rs1: LOADED_AT, rs2: VALUE }), encode("ecall"),
    ];
    words.forEach((word, index) => view.setUint32(placeOf(program) - RAM + 4 * index, word, true));
  }
}

/** Why an access faults, if it does. */
function causeOf(map: MemoryMap, address: bigint, bytes: number, right: number): number | undefined {
  const stores = right !== RIGHT.read;
  if (address % BigInt(bytes) !== 0n) return stores ? 6 : 4;
  const area = areaOf(map, Number(address));
  const allowed = (rights: number): boolean => (rights & right) === right;
  const causes = area === undefined || !allowed(area.rights) ? map.cause : area.beyond !== undefined && !allowed(area.beyond.rights) ? map.beyond : undefined;
  return causes === undefined ? undefined : stores ? causes.store : causes.load;
}

function wantedOf(one: Case, map: MemoryMap, before: readonly number[]): Seen {
  const { load, store, loaded, stored, call } = one;
  const pc = BigInt(placeOf(one));
  const untouched = BigInt(UNTOUCHED);
  const both = RIGHT.read | RIGHT.write;
  const missed = causeOf(map, loaded, BYTES[load], RIGHT.read);
  if (missed !== undefined) return { fault: { cause: missed, value: loaded, pc }, results: [untouched, untouched, untouched], before, after: before };
  const value = before.slice(MARGIN, MARGIN + BYTES[load]).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const read = BigInt.asUintN(64, BigInt.asIntN(8 * BYTES[load], value));
  const refused = causeOf(map, stored, BYTES[store], both);
  if (refused !== undefined) return { fault: { cause: refused, value: stored, pc: pc + 8n }, results: [read, untouched, untouched], before, after: before };
  const [from, to] = [loaded, stored].map((address) => { const area = areaOf(map, Number(address))!; return Number(address) - area.base + area.physical; });
  const succeeds = from === to && load === store && !call;
  const after = before.map((byte, index) => {
    const at = index < 2 * MARGIN ? from + index : to + index - 2 * MARGIN;
    const within = at - MARGIN - to;
    return succeeds && byte >= 0 && within >= 0 && within < BYTES[store] ? Number((STORED >> BigInt(8 * within)) & 0xffn) : byte;
  });
  const again = causeOf(map, loaded, BYTES[load], both);
  const results = [read, succeeds ? 0n : 1n, again === undefined ? 1n : untouched];
  return { fault: again === undefined ? null : { cause: again, value: loaded, pc: pc + 12n }, results, before, after };
}

function casesOf(map: MemoryMap): readonly Case[] {
  const ends = [...new Set(map.areas.flatMap(({ base, bytes }) => [base, base + bytes]))];
  const points = ends.flatMap((end) => [end - 8, end - 4, end]);
  const readable = map.areas.find(({ rights }) => (rights & RIGHT.write) === 0)?.base ?? NOWHERE;
  return points.flatMap((point) => {
    const others = [...[-8, -4, -2, 0, 4, 8].map((by) => point + by), readable, NOWHERE, ...(point >= 0x9000_0000 && point < 0x9000_1000 ? [point + ALIAS - 0x9000_0000] : [])];
    return others.flatMap((other) => PROGRAMS.map((program) => ({ ...program, loaded: BigInt(point), stored: BigInt(other) })));
  });
}

/** With one more way to the first page of data. */
function aliased(map: MemoryMap): MemoryMap {
  const data = areaOf(map, 0x9000_0000)!;
  return { ...map, areas: [...map.areas, { ...data, base: ALIAS, bytes: PAGE }] };
}

const GUESTS = (["machine", "hypervisor"] as const).flatMap((mode) => [
  { mode, addresses: "physical", map: MAPS[mode], tiers: TIERS },
  { mode, addresses: "virtual", map: aliased(PAGED_MAPS[mode]), tiers: TIERS.slice(0, 2) },
]);

describe.each(GUESTS)("LR and SC in a guest of a $mode-mode engine with $addresses addresses", ({ mode, map, tiers }) => {
  test.each(tiers)("threshold $hotThreshold", (tier) => {
    const memory = patternedMemory();
    writePageTables(memory, map);
    writePrograms(guestView(memory, map));
    const cases = casesOf(map);
    const prober = new Prober(memory, map, cases);
    const { machine, core } = makeMachine(memory, prober, { ...tier, mode });
    runUntilHalted(machine, { ...tier, mode }, LIMIT);
    const surprises = cases.flatMap((one, index) => {
      const seen = prober.seen[index];
      const wanted = wantedOf(one, map, seen.before);
      const name = `lr.${one.load} at ${one.loaded.toString(16)}, ${one.call ? "a call, " : ""}sc.${one.store} at ${one.stored.toString(16)}`;
      return isDeepStrictEqual(seen, wanted) ? [] : [{ name, seen, wanted }];
    });
    expect(surprises.slice(0, 3)).toEqual([]);
    expect(prober.seen.filter(({ results }) => results[1] === 0n).length).toBeGreaterThan(1);
    expect(core.statistics().units > 0).toBe(tier.hotThreshold === 1);
  });
});
