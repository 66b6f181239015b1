// Guests under page tables, seen from their engine: turning translation on, code changed through an alias, faults of
// the second stage, fences by the engine, and guests that take turns.

import { describe, expect, test } from "vitest";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { CONTEXT_BYTES, CSR, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import { writeSecondStage, SECOND_STAGE_BYTES } from "../../engines/machine/hart/second-stage.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { Assembler, Label } from "./assembler.ts";
import { encode, encodeCsr } from "./encode.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import { CODE, enterGuest, guestView, MAPS, patternedMemory, RAM, whole, type MemoryMap } from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity, slice: 100_000 }, { hotThreshold: 1, slice: 100_000 }, { hotThreshold: 5, slice: 73 }, { hotThreshold: 1, slice: 100_000, shared: true }, { hotThreshold: 5, slice: 73, shared: true }, { hotThreshold: 1, slice: 73, placed: true }];
const LIMIT = 1_000_000;
const PAGE = 0x1000;
const WALKS = 5;
const A0 = 10;
const A1 = 11;
const T0 = 5;
const RA = 1;
const SATP = 0x180;
const GVA = 1 << 6;
const ALL = 0xcfn; // V, R, W, X, A, D
/** Guest addresses of tables (three to a space), of data, and of functions. */
const ROOT = RAM + 0x2_0000;
const DATA = RAM + 0x4_0000;
const FUNCTIONS = RAM + 0x5_0000;
const HIGH = -(1n << 38n); // where kernels live
const satpOf = (root: number): bigint => (8n << 60n) | BigInt(root / PAGE);

/** Writes the tables of a space whose first pages (at 0) and code (at its own address, and at HIGH) are mapped. */
function writeTables(view: DataView, root: number, pages: readonly number[], identity: boolean): void {
  const set = (table: number, index: number, address: number, bits: bigint): void =>
    view.setBigUint64(table - RAM + 8 * index, (BigInt(address / PAGE) << 10n) | bits, true);
  set(root, 0, root + PAGE, 1n);
  set(root + PAGE, 0, root + 2 * PAGE, 1n);
  pages.forEach((address, page) => set(root + 2 * PAGE, page, address, ALL));
  if (identity) set(root, RAM / 2 ** 30, RAM, ALL);
  set(root, 256, RAM, ALL);
}

/** Halts at a call with a0 = 0; hands other calls and all faults to the test. */
class Watcher implements Software {
  readonly seen: { readonly cause: number; readonly value: bigint; readonly pc: bigint; readonly a0: bigint }[] = [];
  readonly #map: MemoryMap;
  readonly #handle: (hart: Hart, cause: number) => void;

  constructor(map: MemoryMap, handle: (hart: Hart, cause: number) => void) {
    this.#map = map;
    this.#handle = handle;
  }

  boot(): void {
    // Memory has been filled by the test.
  }

  start(hart: Hart): void {
    enterGuest(hart, this.#map);
    if (this.#map.mode === "hypervisor") hart.setCsr(CSR.hedeleg, 0xb1ff, 0);
    else hart.setCsr(CSR.medeleg, 0xb1ff, 0);
  }

  trap(hart: Hart): void {
    const read = (csr: number): bigint => whole(hart.csrLow(csr), hart.csrHigh(csr));
    const [epc, tval] = this.#map.mode === "hypervisor" ? [CSR.sepc, CSR.stval] : [CSR.mepc, CSR.mtval];
    const cause = hart.trapCause();
    const a0 = whole(hart.xLow(A0), hart.xHigh(A0));
    this.seen.push({ cause, value: read(tval), pc: read(epc), a0 });
    if (cause === this.#map.call && a0 === 0n) return hart.halt();
    this.#handle(hart, cause);
  }
}

function constant(code: Assembler, register: number, value: bigint): void {
  const place = new Label();
  const after = new Label();
  code.addressOf(register, place);
  code.op("ld", { rd: register, rs1: register });
  code.to(after, "jal", { rd: 0 });
  code.bind(place);
  code.raw(4, Number(BigInt.asIntN(32, value)));
  code.raw(4, Number(BigInt.asIntN(32, value >> 32n)));
  code.bind(after);
}

function place(view: DataView, code: Assembler): void {
  code.finish().forEach((byte, index) => view.setUint8(CODE - RAM + index, byte));
}

function end(code: Assembler): void {
  code.op("addi", { rd: A0 });
  code.op("ecall");
}

const functionReturning = (view: DataView, address: number, value: number): void => {
  view.setInt32(address - RAM, encode("addi", { rd: A0, immediate: value }), true);
  view.setInt32(address - RAM + 4, encode("jalr", { rs1: RA }), true);
};

describe.each(["machine", "hypervisor"] as const)("a guest of a %s-mode engine", (mode: EngineMode) => {
  describe.each(TIERS)("threshold $hotThreshold, slices of $slice", (tier) => {
    const map = MAPS[mode];

    test("satp holds at the very next fetch: a kernel goes to its own addresses by the fault", () => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      writeTables(view, ROOT, [DATA], false);
      const code = new Assembler(CODE);
      const there = new Label();
      code.addressOf(T0, there);
      constant(code, A1, HIGH - BigInt(RAM));
      code.op("add", { rd: T0, rs1: T0, rs2: A1 });
      code.raw(4, encodeCsr("csrrw", 0, CSR.stvec, T0));
      constant(code, A1, satpOf(ROOT));
      if (code.address % 4 !== 0) code.raw(2, 1);
      const next = code.address + 4;
      code.raw(4, encodeCsr("csrrw", 0, SATP, A1));
      code.op("addi", { rd: A0, immediate: 7 }); // never executed
      code.op("ecall");
      if (code.address % 4 !== 0) code.raw(2, 1);
      code.bind(there);
      code.raw(4, encodeCsr("csrrs", A0, CSR.stval, 0));
      code.op("ecall");
      code.raw(4, encodeCsr("csrrs", A0, CSR.scause, 0));
      code.op("ecall");
      end(code);
      place(view, code);
      const watcher = new Watcher(map, (hart) => hart.advance());
      runUntilHalted(makeMachine(memory, watcher, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      expect(watcher.seen.map(({ a0 }) => a0)).toEqual([BigInt(next), 12n, 0n]);
      expect(watcher.seen[0].pc).toBe(BigInt.asUintN(64, BigInt(there.address + 4) + HIGH - BigInt(RAM)));
    });

    test("code written through an alias is executed after fence.i", () => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      writeTables(view, ROOT, [FUNCTIONS, FUNCTIONS], true);
      functionReturning(view, FUNCTIONS, 1);
      const code = new Assembler(CODE);
      constant(code, A1, satpOf(ROOT));
      code.raw(4, encodeCsr("csrrw", 0, SATP, A1));
      code.op("addi", { rd: 6, immediate: 0 });
      for (let round = 1; round <= 3; round++) {
        // The function is called at 0 and written at PAGE.
        const again = new Label();
        code.op("addi", { rd: 7, immediate: 30 });
        code.bind(again);
        code.op("jalr", { rd: RA, rs1: 0 });
        code.op("add", { rd: 6, rs1: 6, rs2: A0 });
        code.op("addi", { rd: 7, rs1: 7, immediate: -1 });
        code.to(again, "bne", { rs1: 7 });
        constant(code, A1, BigInt(encode("addi", { rd: A0, immediate: 1 + round })));
        code.op("lui", { rd: T0, immediate: PAGE });
        code.op("sw", { rs1: T0, rs2: A1 });
        code.raw(4, 0x100f);
      }
      code.op("addi", { rd: A0, rs1: 6 });
      code.op("ecall");
      end(code);
      place(view, code);
      const watcher = new Watcher(map, (hart) => hart.advance());
      runUntilHalted(makeMachine(memory, watcher, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      expect(watcher.seen.map(({ a0 }) => a0)).toEqual([30n * (1n + 2n + 3n), 0n]);
    });

    test("the engine moves pages of data and code, fences, and the guest goes on with the new ones", () => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      writeTables(view, ROOT, [DATA, FUNCTIONS], true);
      for (const page of [0, 1, 2]) {
        view.setBigUint64(DATA - RAM + page * PAGE, BigInt(100 * page), true);
        functionReturning(view, FUNCTIONS + page * PAGE, 1 + page);
      }
      const code = new Assembler(CODE);
      constant(code, A1, satpOf(ROOT));
      code.raw(4, encodeCsr("csrrw", 0, SATP, A1));
      code.op("lui", { rd: T0, immediate: PAGE });
      for (let round = 0; round < 3; round++) {
        const again = new Label();
        code.op("addi", { rd: 6, immediate: 0 });
        code.op("addi", { rd: 7, immediate: 20 });
        code.bind(again);
        code.op("jalr", { rd: RA, rs1: T0 });
        code.op("add", { rd: 6, rs1: 6, rs2: A0 });
        code.op("ld", { rd: A0 });
        code.op("add", { rd: 6, rs1: 6, rs2: A0 });
        code.op("addi", { rd: 7, rs1: 7, immediate: -1 });
        code.to(again, "bne", { rs1: 7 });
        code.op("addi", { rd: A0, rs1: 6 });
        code.op("ecall");
      }
      end(code);
      place(view, code);
      let page = 0;
      const watcher = new Watcher(map, (hart) => {
        page++;
        writeTables(view, ROOT, [DATA + page * PAGE, FUNCTIONS + page * PAGE], true);
        hart.fenceGuest();
        hart.advance();
      });
      runUntilHalted(makeMachine(memory, watcher, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      expect(watcher.seen.map(({ a0 }) => a0)).toEqual([20n, 20n * 102n, 20n * 203n, 0n]);
    });

    test("a loop walks pages of which some are neighbours in memory, up and down, before and after they are exchanged", () => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      const orders = [[0, 1, 3, 4, 2, 5], [5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5], [0, 1, 2, 5, 4, 3]];
      const step = PAGE / 4;
      const span = orders[0].length * PAGE;
      const pagesOf = (order: readonly number[]): number[] => order.map((page) => DATA + page * PAGE);
      writeTables(view, ROOT, pagesOf(orders[0]), true);
      for (let at = 0; at < span; at += step) view.setBigUint64(DATA - RAM + at, BigInt(at), true);
      const code = new Assembler(CODE);
      constant(code, A1, satpOf(ROOT));
      code.raw(4, encodeCsr("csrrw", 0, SATP, A1));
      const [round, walk, again] = [new Label(), new Label(), new Label()];
      code.bind(round);
      code.op("addi", { rd: A0 });
      code.op("addi", { rd: 8 });
      code.constant(9, step);
      for (let walked = 0; walked < WALKS; walked++) code.to(walk, "jal", { rd: RA });
      code.op("addi", { rd: A0, rs1: A0, immediate: 1 }); // not 0
      code.op("ecall");
      code.to(round, "jal");
      code.bind(walk);
      code.constant(7, span / step);
      code.bind(again);
      code.op("ld", { rd: 6, rs1: 8 });
      code.op("add", { rd: A0, rs1: A0, rs2: A0 });
      code.op("add", { rd: A0, rs1: A0, rs2: 6 });
      code.op("sd", { rs1: 8, rs2: A0 });
      code.op("add", { rd: 8, rs1: 8, rs2: 9 });
      code.op("addi", { rd: 7, rs1: 7, immediate: -1 });
      code.to(again, "bne", { rs1: 7 });
      code.op("sub", { rd: 9, rs2: 9 });
      code.op("add", { rd: 8, rs1: 8, rs2: 9 });
      code.op("jalr", { rs1: RA });
      place(view, code);
      const wanted: bigint[] = [];
      const content = Array.from({ length: span / step }, (_, index) => BigInt(index * step));
      for (const order of orders) {
        let sum = 0n;
        const up = Array.from({ length: span / step }, (_, index) => order[Math.floor((index * step) / PAGE)] * (PAGE / step) + (index % (PAGE / step)));
        for (const index of Array.from({ length: WALKS }, (_, walked) => (walked % 2 === 0 ? up : up.toReversed())).flat()) {
          sum = BigInt.asUintN(64, 2n * sum + content[index]);
          content[index] = sum;
        }
        wanted.push(sum + 1n);
      }
      let turn = 0;
      const watcher = new Watcher(map, (hart) => {
        if (++turn === orders.length) return hart.halt();
        writeTables(view, ROOT, pagesOf(orders[turn]), true);
        hart.fenceGuest();
        hart.advance();
      });
      runUntilHalted(makeMachine(memory, watcher, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      expect(watcher.seen.map(({ a0 }) => a0)).toEqual(wanted);
    });

    test("what the tables map to where there is nothing faults as the second stage, or physical memory, says", () => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      const nowhere = 0x4000_0000;
      writeTables(view, ROOT, [DATA, nowhere], true);
      const code = new Assembler(CODE);
      constant(code, A1, satpOf(ROOT));
      code.raw(4, encodeCsr("csrrw", 0, SATP, A1));
      const handler = new Label();
      code.addressOf(T0, handler);
      code.raw(4, encodeCsr("csrrw", 0, CSR.stvec, T0));
      code.op("lui", { rd: T0, immediate: PAGE });
      code.op("addi", { rd: A0, immediate: 1 });
      const before = code.address;
      code.op("ld", { rd: 6, rs1: T0, immediate: 0x28 });
      code.op("sd", { rs1: T0, rs2: 6, immediate: -4 }); // across the pages
      code.op("jalr", { rd: 0, rs1: T0, immediate: 0x10 });
      if (code.address % 4 !== 0) code.raw(2, 1);
      code.bind(handler);
      // In S-mode the faults are the guest's: it hands them on, and goes to the next of the three.
      code.raw(4, encodeCsr("csrrs", A0, CSR.scause, 0));
      code.op("ecall");
      code.raw(4, encodeCsr("csrrs", A0, CSR.stval, 0));
      code.op("ecall");
      end(code);
      place(view, code);
      const reported: number[][] = [];
      const watcher = new Watcher(map, (hart) => {
        reported.push([hart.csrNumber(CSR.htval) * 4, hart.csrLow(CSR.hstatus) & GVA]);
        if (mode === "hypervisor" && reported.length === 3) return hart.halt();
        hart.advance();
      });
      runUntilHalted(makeMachine(memory, watcher, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      const faults = watcher.seen.map(({ cause, value, pc }) => [cause, Number(value), Number(pc)]);
      const results = watcher.seen.map(({ a0 }) => Number(a0));
      expect(mode === "hypervisor" ? { faults, reported } : { results }).toEqual(mode === "hypervisor"
        ? {
          faults: [[21, PAGE + 0x28, before], [23, PAGE, before + 4], [20, PAGE + 0x10, PAGE + 0x10]],
          reported: [nowhere + 0x28, nowhere, nowhere + 0x10].map((address) => [address, GVA]),
        }
        : { results: [5, PAGE + 0x28, 0] });
      expect(view.getUint32(DATA - RAM + PAGE - 4, true)).toBe(guestView(patternedMemory(), map).getUint32(DATA - RAM + PAGE - 4, true)); // the store never began
    });
  });
});

describe.each(TIERS)("two guests with the same addresses on one hart, threshold $hotThreshold", (tier) => {
  test("each sees its own memory and code, whichever ran before", () => {
    const memory = patternedMemory();
    const where = [RAM + 0x40_0000, RAM + 0x60_0000];
    const bytes = 0x20_0000;
    const seen: bigint[][] = [[], []];
    where.forEach((base, guest) => {
      const view = new DataView(memory.wasm.buffer, memory.offset(physical(base)), bytes);
      writeTables(view, ROOT, [DATA, FUNCTIONS], true);
      view.setBigUint64(DATA - RAM, BigInt(1000 * (guest + 1)), true);
      functionReturning(view, FUNCTIONS, guest + 1);
      const code = new Assembler(CODE);
      constant(code, A1, satpOf(ROOT));
      code.raw(4, encodeCsr("csrrw", 0, SATP, A1));
      code.op("lui", { rd: T0, immediate: PAGE });
      const again = new Label();
      code.bind(again);
      code.op("jalr", { rd: RA, rs1: T0 });
      code.op("ld", { rd: 6 });
      code.op("add", { rd: A0, rs1: A0, rs2: 6 });
      code.op("ecall");
      code.to(again, "jal");
      place(view, code);
    });
    const contextOf = (guest: number) => physical(RAM + 0x800 + guest * CONTEXT_BYTES);
    const stageOf = (guest: number) => physical(RAM + 0x2000 + guest * SECOND_STAGE_BYTES);
    const enter = (hart: Hart, guest: number): void => {
      hart.loadContext(contextOf(guest));
      hart.setSecondStage(stageOf(guest), guest + 1);
    };
    const software: Software = {
      boot(hart) {
        for (const guest of [0, 1]) {
          writeSecondStage(hart.memory, stageOf(guest), [{
            base: guestPhysical(RAM), bytes, physical: physical(where[guest]), rights: RIGHT.read | RIGHT.write | RIGHT.execute,
          }]);
          hart.resetContext(contextOf(guest), CODE, 0, 0);
        }
      },
      start: (hart) => enter(hart, 0),
      trap(hart) {
        const guest = seen[0].length > seen[1].length ? 1 : 0;
        seen[guest].push(whole(hart.xLow(A0), hart.xHigh(A0)));
        hart.advance();
        if (seen[1].length === 40) return hart.halt();
        hart.saveContext(contextOf(guest));
        enter(hart, 1 - guest);
      },
    };
    runUntilHalted(makeMachine(memory, software, { ...tier, mode: "hypervisor" }).machine, { ...tier, mode: "hypervisor" }, LIMIT);
    expect(seen).toEqual([new Array(40).fill(1001n), new Array(40).fill(2002n)]);
  });
});
