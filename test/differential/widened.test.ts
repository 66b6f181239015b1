// A loop with two ways out to different ends, as in strchr: what one end does to a register does not show at the other.

import { expect, test } from "vitest";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import { runOnMachine } from "./machine.ts";

const CODE = 0x8020_0000;
const RESULTS = CODE + 0x1000;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const [RA, T0, S0, S1, A0, A1, A5, A7, S2, S3] = [1, 5, 8, 9, 10, 11, 15, 17, 18, 19];
const ROUNDS = 200;
const SYSTEM_RESET = 0x5352_5354;

/** Looks for every letter, ROUNDS times, and stores where it was found. */
function program(): Uint8Array {
  const code = new Assembler(CODE);
  const [text, find, next, differs, nowhere, round, letter] = Array.from({ length: 7 }, () => new Label());
  const results = new Label();
  results.address = RESULTS;
  code.addressOf(S1, text);
  code.op("addi", { rd: S0, immediate: ROUNDS });
  code.bind(round);
  code.addressOf(S3, results);
  code.op("addi", { rd: S2 });
  code.bind(letter);
  code.op("addi", { rd: A0, rs1: S1 });
  code.op("addi", { rd: A1, rs1: S2, immediate: LETTERS.charCodeAt(0) });
  code.to(find, "jal", { rd: RA });
  code.op("sd", { rs1: S3, rs2: A0 });
  code.op("addi", { rd: S3, rs1: S3, immediate: 8 });
  code.op("addi", { rd: S2, rs1: S2, immediate: 1 });
  code.op("addi", { rd: T0, immediate: LETTERS.length + 1 });
  code.to(letter, "bltu", { rs1: S2, rs2: T0 });
  code.op("addi", { rd: S0, rs1: S0, immediate: -1 });
  code.to(round, "bne", { rs1: S0, rs2: 0 });
  code.constant(A7, SYSTEM_RESET);
  code.op("ecall");
  code.bind(find);
  code.bind(next);
  code.op("lbu", { rd: A5, rs1: A0 });
  code.to(differs, "bne", { rs1: A5, rs2: A1 });
  code.op("jalr", { rs1: RA });
  code.bind(differs);
  code.to(nowhere, "beq", { rs1: A5, rs2: 0 });
  code.op("addi", { rd: A0, rs1: A0, immediate: 1 });
  code.to(next, "jal");
  code.bind(nowhere);
  code.op("addi", { rd: A0 });
  code.op("jalr", { rs1: RA });
  code.bind(text);
  for (const pair of (`${LETTERS}\0\0`).match(/../gs) ?? []) code.raw(2, pair.charCodeAt(0) | (pair.charCodeAt(1) << 8));
  const bytes = new Uint8Array(0x1000 + 8 * (LETTERS.length + 1));
  bytes.set(code.finish());
  return buildElf({ type: TYPE_EXECUTABLE, entry: CODE, segments: [{ type: SEGMENT_LOAD, rights: 7, address: CODE, bytes, memoryBytes: bytes.length, alignment: 0x1000 }] });
}

test.each(["machine", "hypervisor"] as const)("under %s-mode software", (mode) => {
  const { memory, end } = runOnMachine(program(), RESULTS, 8 * (LETTERS.length + 1), { hotThreshold: 10, slice: 100_000, mode }, 10_000_000);
  expect(end.halted).toBe(true);
  const found = [...new BigUint64Array(memory.buffer, 0)];
  const first = found[0];
  expect(found).toEqual([...Array.from(LETTERS, (_, index) => first + BigInt(index)), 0n]);
});
