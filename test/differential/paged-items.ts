// What streams do under page tables: accesses of every kind wherever something may be mapped, calls into pages, and
// changes to the tables with the fences that they need.

import type { Assembler } from "./assembler.ts";
import { Label } from "./assembler.ts";
import { bytesOf, mnemonicsOf } from "./choice.ts";
import { encodeCsr } from "./encode.ts";
import {
  ARENAS, HOLES, LARGE_ADDRESSES, PAGE_BYTES, PAGE_COUNT, randomLeaf, type PageTables,
} from "./page-tables.ts";
import { CSR } from "./program.ts";
import type { Random } from "./random.ts";

export interface PagedItem {
  readonly text: string;
  emit(code: Assembler): void;
}

const LOADS = mnemonicsOf("load");
const STORES = mnemonicsOf("store");
const ATOMICS = mnemonicsOf("atomic", "atomic-loop");
const LINK = 1;
const POINTER = 26;
const SATP = 0x180;
const SUM = 0x4_0000;

export function randomPagedItem(random: Random, user: boolean, tables: PageTables): PagedItem {
  const lot = random.between(0, 99);
  if (lot < 35) return accesses(random);
  if (lot < 50) return loop(random);
  if (lot < 58) return atomic(random);
  if (lot < 78) return call(random, user);
  if (user) return accesses(random);
  if (lot < 88) return status(random);
  if (lot < 96) return change(random, tables);
  return switchSpace(random, tables);
}

/** An address where something may be mapped; `bytes` from the end of a page at the most. */
function address(random: Random, bytes: number): bigint {
  const where = random.between(0, 19);
  if (where === 0) return random.pick(HOLES) + BigInt(random.between(0, 63));
  // The large pages' last bytes, which nothing else uses: they hold no table and no log.
  if (where < 4) return random.pick(LARGE_ADDRESSES) + BigInt(random.between(0x10_0000, 0x1f_fff0));
  const page = random.pick(ARENAS) + BigInt(PAGE_BYTES * random.between(0, PAGE_COUNT - 1));
  if (random.chance(1, 3)) return page + BigInt(PAGE_BYTES - random.between(1, 2 * bytes));
  return page + BigInt(random.between(0, PAGE_BYTES - 1));
}

const register = (random: Random): number => random.between(4, 25);

/** A few accesses from one pointer, close to each other. */
function accesses(random: Random): PagedItem {
  const base = address(random, 8);
  const steps = Array.from({ length: random.between(1, 5) }, () => {
    const mnemonic = random.pick(random.chance(1, 2) ? LOADS : STORES);
    const near = random.chance(1, 3) ? random.between(-2048, 2047) : random.between(-24, 24);
    const immediate = random.chance(1, 2) ? near : Number(BigInt.asIntN(12, (BigInt(near) & -BigInt(bytesOf(mnemonic))) - (base & BigInt(bytesOf(mnemonic) - 1))));
    return { mnemonic, rd: register(random), rs2: register(random), immediate };
  });
  return {
    text: `from ${hex(base)}: ${steps.map((step) => `${step.mnemonic} ${step.immediate}`).join(", ")}`,
    emit(code) {
      literal(code, POINTER, base);
      for (const { mnemonic, rd, rs2, immediate } of steps) code.op(mnemonic, { rd, rs1: POINTER, rs2, immediate });
    },
  };
}

/** The same load and store over several pages. */
function loop(random: Random): PagedItem {
  const load = random.pick(LOADS);
  const store = random.pick(STORES);
  const base = address(random, 8);
  const step = random.pick([8, 24, 264, 1000, 2040, PAGE_BYTES / 2]);
  const count = random.between(2, 12);
  const value = random.between(4, 12);
  const stores = random.chance(2, 3);
  return {
    text: `${count} times ${load}${stores ? ` and ${store}` : ""} from ${hex(base)} by ${step}`,
    emit(code) {
      const again = new Label();
      literal(code, POINTER, base);
      code.op("addi", { rd: 25, rs1: 0, immediate: count });
      code.constant(24, step);
      code.bind(again);
      code.op(load, { rd: value, rs1: POINTER });
      if (stores) code.op(store, { rs1: POINTER, rs2: value, immediate: 16 });
      code.op("add", { rd: 13, rs1: 13, rs2: value });
      code.op("add", { rd: POINTER, rs1: POINTER, rs2: 24 });
      code.op("addi", { rd: 25, rs1: 25, immediate: -1 });
      code.to(again, "bne", { rs1: 25, rs2: 0 });
    },
  };
}

function atomic(random: Random): PagedItem {
  const mnemonic = random.pick(ATOMICS);
  const base = address(random, 8) & ~7n;
  const operands = { rd: register(random), rs1: POINTER, rs2: register(random) };
  const reserve = random.chance(1, 3);
  return {
    text: `${reserve ? "lr.d, sc.d" : mnemonic} at ${hex(base)}`,
    emit(code) {
      literal(code, POINTER, base);
      if (!reserve) return code.op(mnemonic, operands);
      code.op("lr.d", { rd: operands.rd, rs1: POINTER });
      code.op("sc.d", operands);
    },
  };
}

/** Calls a function in a page, or the instruction across its end, once or several times. */
function call(random: Random, user: boolean): PagedItem {
  const page = random.pick(ARENAS) + BigInt(PAGE_BYTES * random.between(0, PAGE_COUNT - 1));
  const offset = random.chance(1, 4) ? PAGE_BYTES - 2 : 32 * random.between(1, PAGE_BYTES / 32 - 1);
  const target = page + BigInt(offset);
  const data = address(random, 8);
  const count = random.pick([1, 1, 3]);
  return {
    text: `${count} calls of ${hex(target)} with ${hex(data)}`,
    emit(code) {
      // QEMU 7.2 lets supervisors execute user pages that they have reached with SUM.
      if (!user) {
        code.constant(POINTER, SUM);
        code.raw(4, encodeCsr("csrrc", 0, CSR.sstatus, POINTER));
      }
      literal(code, 11, data);
      literal(code, POINTER, target);
      for (let index = 0; index < count; index++) code.op("jalr", { rd: LINK, rs1: POINTER });
    },
  };
}

/** Sets or clears SUM and MXR. */
function status(random: Random): PagedItem {
  const bits = random.pick([0x4_0000, 0x8_0000, 0xc_0000]);
  const mnemonic = random.pick(["csrrs", "csrrc"] as const);
  return {
    text: `${mnemonic} sstatus ${bits.toString(16)}`,
    emit(code) {
      code.constant(POINTER, bits);
      code.raw(4, encodeCsr(mnemonic, 0, CSR.sstatus, POINTER));
    },
  };
}

/** Another entry for a page, and one of the fences that makes it hold. */
function change(random: Random, tables: PageTables): PagedItem {
  const slot = random.pick(random.pick(tables.slots));
  const entry = randomLeaf(random);
  const form = random.between(0, 3);
  return {
    text: `entry of ${hex(slot.virtual)} = ${hex(entry)}, fence ${form}, fence.i`,
    emit(code) {
      literal(code, POINTER, BigInt(slot.address));
      literal(code, 25, entry);
      code.op("sd", { rs1: POINTER, rs2: 25 });
      literal(code, 25, slot.virtual);
      code.op("addi", { rd: 24, rs1: 0, immediate: 0 });
      code.op("sfence.vma", { rs1: (form & 1) === 0 ? 0 : 25, rs2: (form & 2) === 0 ? 0 : 24 });
      code.raw(4, 0x0000_100f);
    },
  };
}

function switchSpace(random: Random, tables: PageTables): PagedItem {
  const root = random.between(0, tables.roots.length - 1);
  return {
    text: `space ${root}`,
    emit(code) {
      literal(code, POINTER, tables.roots[root]);
      code.raw(4, encodeCsr("csrrw", 0, SATP, POINTER));
      code.op("sfence.vma");
    },
  };
}

function literal(code: Assembler, target: number, value: bigint): void {
  const place = new Label();
  const after = new Label();
  code.addressOf(target, place);
  code.op("ld", { rd: target, rs1: target });
  code.to(after, "jal", { rd: 0 });
  code.bind(place);
  code.raw(4, Number(BigInt.asIntN(32, value)));
  code.raw(4, Number(BigInt.asIntN(32, value >> 32n)));
  code.bind(after);
}

function hex(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16);
}
