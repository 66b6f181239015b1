// A guest that loads ever new roots of page tables, or executes one page at ever new addresses: the machine keeps so many
// translations at most, and each goes on to be executed as the tables say.

import { expect, test } from "vitest";
import { physical } from "../../engines/machine/address.ts";
import { MOST_SPACES } from "../../engines/machine/hart/mmu/paged-spaces.ts";
import { CSR, type Hart } from "../../engines/machine/hart/hart.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { encode, encodeCsr } from "./encode.ts";
import { GuestPageTables, LEAF } from "./guest-page-tables.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import { CODE, enterGuest, guestView, MAPS, patternedMemory, RAM, TABLES } from "./memory-map.ts";

const PAGE = 0x1000;
const TIER = { mode: "machine", hotThreshold: 1, slice: 100_000 } as const;
/** Roots lie behind one another; the space of each has its own page at 0. */
const ROOTS = MOST_SPACES + 100;
const FIRST = RAM + 0x10_0000;
const OWN = FIRST + ROOTS * PAGE;
const A0 = 10;
const A1 = 11;
const ALL = LEAF.V | LEAF.R | LEAF.W | LEAF.X | LEAF.A | LEAF.D;

test("translations are of so many spaces at most, and right in all", () => {
  const memory = PhysicalMemory.create(0x100_0000, 1);
  const view = new DataView(memory.wasm.buffer, memory.offset(physical(RAM)), memory.ramBytes);
  const set = (table: number, index: number, address: number, bits: number): void => view.setBigUint64(table - RAM + 8 * index, (BigInt(address / PAGE) << 10n) | BigInt(bits), true);
  for (let root = 0; root < ROOTS; root++) {
    // One table is the middle and the last level of page 0, at its entry 0 and 1: a pointer to itself, and the page at PAGE.
    const at = FIRST + root * PAGE;
    set(at, 2, RAM, ALL);
    set(at, 0, at, LEAF.V);
    set(at, 1, OWN + (root % 2) * PAGE, ALL);
  }
  // At PAGE: what says which of two pages it is.
  for (const page of [0, 1]) {
    view.setUint32(OWN - RAM + page * PAGE, encode("addi", { rd: A0, rs1: A0, immediate: 1 + page }), true);
    view.setUint32(OWN - RAM + page * PAGE + 4, encode("ecall"), true);
  }
  // The guest itself loads the root, and goes to PAGE.
  const words = [encodeCsr("csrrw", 0, CSR.satp, A1), encode("lui", { rd: 5, immediate: PAGE }), encode("jalr", { rs1: 5 })];
  words.forEach((word, index) => view.setUint32(CODE - RAM + 4 * index, word, true));
  const order = [...Array.from({ length: ROOTS }, (_, root) => root), 0, 1, ROOTS - 1];
  const seen: number[] = [];
  const enter = (hart: Hart): void => {
    const page = FIRST / PAGE + order[seen.length];
    hart.setResume(CODE | 0, 0);
    hart.setX(A0, 0, 0);
    hart.setX(A1, page, 8 << 28);
  };
  const { machine, core } = makeMachine(memory, {
    boot: () => undefined,
    start(hart) {
      enterGuest(hart, MAPS.machine);
      enter(hart);
    },
    trap(hart) {
      seen.push(hart.trapCause() === MAPS.machine.call ? hart.xNumber(A0) : Number.NaN);
      if (seen.length === order.length) hart.halt();
      else enter(hart);
    },
  }, TIER);
  expect(runUntilHalted(machine, TIER, 1_000_000).halted).toBe(true);
  expect(seen).toEqual(order.map((root) => 1 + (root % 2)));
  expect(core.statistics().spaces).toBeLessThan(ROOTS / 2);
});

test("translations are of so many functions at most, at however many addresses code is mapped", () => {
  const memory = patternedMemory();
  const view = guestView(memory, MAPS.machine);
  const tables = new GuestPageTables(view, TABLES);
  // Calls, each of a function of its own in the next page, which is not mapped, and a return.
  const calls = 127;
  for (let call = 0; call < calls; call++) view.setUint32(FIRST - RAM + 4 * call, encode("jal", { rd: 1, immediate: PAGE - 2 * call }), true);
  view.setUint32(FIRST - RAM + 4 * calls, encode("jalr", { rs1: 1 }), true);
  const aliases = Array.from({ length: 580 }, (_, alias) => 0x9000_0000 + 2 * alias * PAGE);
  for (const alias of aliases) tables.map(alias, FIRST, ALL);
  const seen: (readonly [cause: number, value: number])[] = [];
  let most = 0;
  const enter = (hart: Hart): void => hart.setResume(aliases[seen.length] | 0, 0);
  const { machine, core } = makeMachine(memory, {
    boot: () => undefined,
    start(hart) {
      enterGuest(hart, MAPS.machine);
      hart.setCsr(CSR.satp, tables.rootPage, 8 << 28);
      enter(hart);
    },
    trap(hart) {
      seen.push([hart.trapCause(), hart.csrNumber(CSR.mtval)]);
      most = Math.max(most, core.statistics().slots);
      if (seen.length === aliases.length) hart.halt();
      else enter(hart);
    },
  }, TIER);
  expect(runUntilHalted(machine, TIER, 1_000_000).halted).toBe(true);
  expect(seen).toEqual(aliases.map((alias) => [12, alias + PAGE]));
  // The first is not arrived at by a jump.
  expect(core.statistics().units).toBe(aliases.length - 1);
  expect(most).toBeLessThan(0x1_0000 + 2 * calls);
});
