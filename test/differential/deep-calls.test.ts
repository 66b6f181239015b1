// Recursion deeper than the host stack allows, by calls to the inside of a function: it goes on where it was called.

import { expect, test } from "vitest";
import { CALL_DEPTH } from "../../engines/machine/translator/abi.ts";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import { runOnMachine, type Tier } from "./machine.ts";

const CODE = 0x8020_0000;
const RESULTS = 0x8040_0000;
const STACK = 0x8042_0000;
const [LINK, STACK_POINTER, ROUND, RESULT, SUM, LEVELS, COUNTER, TARGET] = [1, 2, 6, 8, 10, 11, 18, 19];
const SYSTEM_RESET = 0x5352_5354;
const CALLS = 100;
const ROUNDS = 2;
const DEPTH = 3 * CALL_DEPTH;
const AT_START = 10_000;

/** Calls, CALLS times, a function that adds AT_START, and then in each of DEPTH levels runs its loop and calls the loop's begin. */
function program(): Uint8Array {
  const code = new Assembler(CODE);
  const [start, inside, out, again, results, stack] = Array.from({ length: 6 }, () => new Label());
  results.address = RESULTS;
  stack.address = STACK;
  code.addressOf(RESULT, results);
  code.addressOf(STACK_POINTER, stack);
  code.addressOf(TARGET, inside);
  code.op("addi", { rd: COUNTER, immediate: CALLS });
  code.bind(again);
  code.op("addi", { rd: SUM });
  code.op("addi", { rd: LEVELS, immediate: DEPTH });
  code.to(start, "jal", { rd: LINK });
  code.op("sd", { rs1: RESULT, rs2: SUM });
  code.op("addi", { rd: RESULT, rs1: RESULT, immediate: 8 });
  code.op("addi", { rd: COUNTER, rs1: COUNTER, immediate: -1 });
  code.to(again, "bne", { rs1: COUNTER, rs2: 0 });
  code.constant(17, SYSTEM_RESET);
  code.op("ecall");
  code.bind(start);
  code.constant(ROUND, AT_START);
  code.op("add", { rd: SUM, rs1: SUM, rs2: ROUND });
  code.op("addi", { rd: ROUND, immediate: ROUNDS });
  code.bind(inside);
  code.op("addi", { rd: SUM, rs1: SUM, immediate: 1 });
  code.op("addi", { rd: ROUND, rs1: ROUND, immediate: -1 });
  code.to(inside, "bne", { rs1: ROUND, rs2: 0 });
  code.op("addi", { rd: LEVELS, rs1: LEVELS, immediate: -1 });
  code.to(out, "beq", { rs1: LEVELS, rs2: 0 });
  code.op("addi", { rd: STACK_POINTER, rs1: STACK_POINTER, immediate: -8 });
  code.op("sd", { rs1: STACK_POINTER, rs2: LINK });
  code.op("addi", { rd: ROUND, immediate: ROUNDS });
  code.op("jalr", { rd: LINK, rs1: TARGET });
  code.op("ld", { rd: LINK, rs1: STACK_POINTER });
  code.op("addi", { rd: STACK_POINTER, rs1: STACK_POINTER, immediate: 8 });
  code.bind(out);
  code.op("jalr", { rs1: LINK });
  const bytes = code.finish();
  return buildElf({ type: TYPE_EXECUTABLE, entry: CODE, segments: [{ type: SEGMENT_LOAD, rights: 7, address: CODE, bytes, memoryBytes: bytes.length, alignment: 0x1000 }] });
}

const TIERS: readonly Tier[] = [
  { mode: "machine", hotThreshold: Infinity, slice: 100_000 }, { mode: "machine", hotThreshold: 1, slice: 100_000 },
  { mode: "machine", hotThreshold: 50, slice: 100_000 },
  { mode: "hypervisor", hotThreshold: 4, slice: 100_000 }, { mode: "hypervisor", hotThreshold: 1, slice: 500 },
];

test.each(TIERS)("translated after $hotThreshold look-ups in $mode mode, slices of $slice", (tier) => {
  const { memory, end } = runOnMachine(program(), RESULTS, 8 * CALLS, tier, 100_000_000);
  expect(end.halted).toBe(true);
  expect([...new BigUint64Array(memory.buffer, 0)]).toEqual(Array.from({ length: CALLS }, () => BigInt(AT_START + ROUNDS * DEPTH)));
});
