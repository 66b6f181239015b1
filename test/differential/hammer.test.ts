// Two harts on two threads hammer the same words by every kind of atomic operation: no update may be lost.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { physical } from "../../engines/machine/address.ts";
import { command, whenReady } from "../../engines/machine/control.ts";
import { prepareMachine } from "../../engines/machine/machine.ts";
import type { Mnemonic } from "../../engines/machine/instructions/table.ts";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import type { HammerWork } from "./hammer-worker.ts";
import { load } from "./machine.ts";
import { CODE } from "./program.ts";

const HARTS = 2;
const ROUNDS = 30_000;
const LIMIT_MILLISECONDS = 120_000;
/** A doubleword each; the words and neighbours share one. */
const SHARED = 0x8060_0000;
const CELL = {
  addDouble: 0, addWord: 8, addNeighbour: 12, reservedDouble: 16, reservedWord: 24, reservedNeighbour: 28,
  exclusiveOr: 32, lock: 40, guarded: 48, maximum: 56, minimum: 64, or: 72, and: 80, swapped: 88, failures: 96,
} as const;

// Registers.
const HART = 10;
const BASE = 8;
const ROUND = 9;
const ONE = 18;
const POINTER = 5;
const OLD = 6;
const STATUS = 7;
const FAILURES = 19;
const TAKEN = 20;

/** What each hart executes; a0 is its number. */
function program(): Uint8Array {
  const code = new Assembler(CODE);
  const at = (offset: number): void => code.op("addi", { rd: POINTER, rs1: BASE, immediate: offset });
  const atomic = (mnemonic: Mnemonic, offset: number, rs2: number, rd = OLD): void => {
    at(offset);
    code.op(mnemonic, { rd, rs1: POINTER, rs2 });
  };
  const reserved = (load: Mnemonic, store: Mnemonic, offset: number): void => {
    const again = new Label();
    const done = new Label();
    at(offset);
    code.bind(again);
    code.op(load, { rd: OLD, rs1: POINTER });
    code.op("addi", { rd: OLD, rs1: OLD, immediate: 1 });
    code.op(store, { rd: STATUS, rs1: POINTER, rs2: OLD });
    code.to(done, "beq", { rs1: STATUS, rs2: 0 });
    code.op("addi", { rd: FAILURES, rs1: FAILURES, immediate: 1 });
    code.to(again, "jal");
    code.bind(done);
  };
  const shared = new Label();
  shared.address = SHARED;
  code.addressOf(BASE, shared);
  code.constant(ROUND, ROUNDS);
  code.op("addi", { rd: ONE, rs1: 0, immediate: 1 });

  const round = new Label();
  code.bind(round);
  atomic("amoadd.d", CELL.addDouble, ONE);
  atomic("amoadd.w", CELL.addWord, ONE);
  atomic("amoadd.w", CELL.addNeighbour, ONE);
  reserved("lr.d", "sc.d", CELL.reservedDouble);
  reserved("lr.w", "sc.w", CELL.reservedWord);
  reserved("lr.w", "sc.w", CELL.reservedNeighbour);
  // All rounds' numbers, of both harts: every one twice, so nothing remains.
  atomic("amoxor.d", CELL.exclusiveOr, ROUND);
  atomic("amomaxu.w", CELL.maximum, ROUND);
  atomic("amomin.d", CELL.minimum, ROUND);
  // Bit (round & 15) + 16 * hart is set in one cell and cleared in another.
  code.op("andi", { rd: OLD, rs1: ROUND, immediate: 15 });
  code.op("slli", { rd: STATUS, rs1: HART, immediate: 4 });
  code.op("add", { rd: OLD, rs1: OLD, rs2: STATUS });
  code.op("sll", { rd: TAKEN, rs1: ONE, rs2: OLD });
  atomic("amoor.w", CELL.or, TAKEN, 0);
  code.op("xori", { rd: TAKEN, rs1: TAKEN, immediate: -1 });
  atomic("amoand.d", CELL.and, TAKEN, 0);
  // A lock by amoswap guards an addition that is not atomic.
  const spin = new Label();
  at(CELL.lock);
  code.bind(spin);
  code.op("amoswap.w", { rd: OLD, rs1: POINTER, rs2: ONE });
  code.to(spin, "bne", { rs1: OLD, rs2: 0 });
  code.op("ld", { rd: OLD, rs1: BASE, immediate: CELL.guarded });
  code.op("addi", { rd: OLD, rs1: OLD, immediate: 1 });
  code.op("sd", { rs1: BASE, rs2: OLD, immediate: CELL.guarded });
  code.op("fence");
  code.op("amoswap.w", { rd: 0, rs1: POINTER, rs2: 0 });
  // Tokens move by swaps: the sum of what was taken and what lies there is conserved.
  atomic("amoswap.d", CELL.swapped, ROUND, TAKEN);
  code.op("sub", { rd: 21, rs1: 21, rs2: ROUND });
  code.op("add", { rd: 21, rs1: 21, rs2: TAKEN });
  code.op("addi", { rd: ROUND, rs1: ROUND, immediate: -1 });
  code.to(round, "bne", { rs1: ROUND, rs2: 0 });

  // Put back what the swaps owe, and say how often sc failed.
  atomic("amoadd.d", CELL.swapped, 21);
  atomic("amoadd.d", CELL.failures, FAILURES);
  code.constant(17, 0x5352_5354); // SBI system reset
  code.op("ecall");
  const bytes = code.finish();
  return buildElf({
    type: TYPE_EXECUTABLE, entry: CODE,
    segments: [{ type: SEGMENT_LOAD, rights: 5, address: CODE, bytes, memoryBytes: bytes.length, alignment: 16 }],
  });
}

test.each([
  ["translated", [1, 1]], ["interpreted", [Infinity, Infinity]], ["one of each", [1, Infinity]],
] as const)("%s", async (_, thresholds) => {
  const { memory, entry } = load(program(), "machine", HARTS);
  const cells = new DataView(memory.wasm.buffer, memory.offset(physical(SHARED)), 256);
  cells.setInt32(CELL.minimum, 0x7fff_ffff, true);
  cells.setBigInt64(CELL.and, -1n, true);
  prepareMachine(memory, HARTS);
  const workers = thresholds.map((hotThreshold, hart) => {
    const work: HammerWork = { handle: memory.handle(), hart, entry, hotThreshold };
    return new Worker(new URL("./hammer-worker.ts", import.meta.url), { workerData: work });
  });
  const ended = Promise.all(workers.map(async (worker) => {
    const [code] = await once(worker, "exit") as [number];
    return code;
  }));
  await whenReady(memory);
  command(memory, "run");
  expect(await ended).toEqual(workers.map(() => 0));

  const all = HARTS * ROUNDS;
  const word = (offset: number): number => cells.getInt32(offset, true);
  const double = (offset: number): bigint => cells.getBigInt64(offset, true);
  expect({
    add: [double(CELL.addDouble), word(CELL.addWord), word(CELL.addNeighbour)],
    reserved: [double(CELL.reservedDouble), word(CELL.reservedWord), word(CELL.reservedNeighbour)],
    exclusiveOr: double(CELL.exclusiveOr), maximum: word(CELL.maximum), minimum: double(CELL.minimum),
    or: word(CELL.or), and: double(CELL.and), lock: word(CELL.lock), guarded: double(CELL.guarded), swapped: double(CELL.swapped),
  }).toEqual({
    add: [BigInt(all), all, all], reserved: [BigInt(all), all, all],
    exclusiveOr: 0n, maximum: ROUNDS, minimum: 1n, or: -1, and: -(1n << 32n), lock: 0, guarded: BigInt(all), swapped: 0n,
  });
}, LIMIT_MILLISECONDS);
