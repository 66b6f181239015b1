// Code that changes: what was translated must not outlive a fence.i, whoever calls it and however.

import { expect, test } from "vitest";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import { encode } from "./encode.ts";
import { runOnMachine, type Tier } from "./machine.ts";
import { CODE } from "./program.ts";

const TIERS: readonly Tier[] = [
  { mode: "machine", hotThreshold: Infinity, slice: 100_000 }, { mode: "machine", hotThreshold: 1, slice: 100_000 },
  { mode: "hypervisor", hotThreshold: 4, slice: 100_000 }, { mode: "hypervisor", hotThreshold: 1, slice: 5 },
  { mode: "hypervisor", hotThreshold: 4, slice: 100_000, shared: true }, { mode: "machine", hotThreshold: 1, slice: 5, shared: true },
  { mode: "machine", hotThreshold: 1, slice: 5, placed: true }, { mode: "machine", hotThreshold: 4, slice: 100_000, placed: true },
];
const LIMIT = 1_000_000;
const RESULTS = 0x8060_0000;
const LINK = 1;
const RESULT = 8;
const SUM = 10;
const COUNTER = 18;
const TARGET = 19;
const WORD = 6;
const CALLS = 10;

/** What the function adds to the sum in each phase, as the words that are written over its first 8 bytes. */
const addition = (amount: number): number => encode("addi", { rd: SUM, rs1: SUM, immediate: amount });
const COMPRESSED_ADD_3 = 0x050d; // c.addi a0, 3
const PHASES: readonly { readonly name: string; readonly words: readonly [number, number]; readonly adds: number }[] = [
  { name: "as linked", words: [addition(1), encode("addi")], adds: 1 },
  { name: "another instruction", words: [addition(100), encode("addi")], adds: 100 },
  { name: "its second instruction only", words: [addition(100), addition(7)], adds: 107 },
  { name: "two compressed for one", words: [COMPRESSED_ADD_3 | (COMPRESSED_ADD_3 << 16), addition(7)], adds: 13 },
  { name: "an early return", words: [encode("jalr", { rs1: LINK }), addition(7)], adds: 0 },
  { name: "a branch over", words: [encode("beq", { immediate: 8 }), addition(7)], adds: 0 },
  { name: "back again", words: [addition(1), encode("addi")], adds: 1 },
];

/** In every phase: writes the words, fence.i, calls the function directly and by register, stores the sum. */
function program(): Uint8Array {
  const code = new Assembler(CODE);
  const target = new Label();
  const results = new Label();
  results.address = RESULTS;
  code.addressOf(RESULT, results);
  code.addressOf(TARGET, target);
  for (const { words } of PHASES) {
    for (const [index, word] of words.entries()) {
      code.constant(WORD, word);
      code.op("sw", { rs1: TARGET, rs2: WORD, immediate: 4 * index });
    }
    code.op("fence.i");
    code.op("addi", { rd: SUM, rs1: 0, immediate: 0 });
    code.op("addi", { rd: COUNTER, rs1: 0, immediate: CALLS });
    const again = new Label();
    code.bind(again);
    code.to(target, "jal", { rd: LINK });
    code.op("jalr", { rd: LINK, rs1: TARGET });
    code.op("addi", { rd: COUNTER, rs1: COUNTER, immediate: -1 });
    code.to(again, "bne", { rs1: COUNTER, rs2: 0 });
    code.op("sd", { rs1: RESULT, rs2: SUM });
    code.op("addi", { rd: RESULT, rs1: RESULT, immediate: 8 });
  }
  code.constant(17, 0x5352_5354); // SBI system reset
  code.op("ecall");
  code.bind(target);
  code.op("addi");
  code.op("addi");
  code.op("jalr", { rs1: LINK });
  const bytes = code.finish();
  return buildElf({
    type: TYPE_EXECUTABLE, entry: CODE,
    segments: [{ type: SEGMENT_LOAD, rights: 7, address: CODE, bytes, memoryBytes: bytes.length, alignment: 16 }],
  });
}

test.each(TIERS)("under a $mode-mode engine, threshold $hotThreshold, slices of $slice", (tier) => {
  const { memory, statistics } = runOnMachine(program(), RESULTS, 8 * PHASES.length, tier, LIMIT);
  const sums = new DataView(memory.buffer);
  expect(PHASES.map(({ name }, phase) => [name, Number(sums.getBigInt64(8 * phase, true))]))
    .toEqual(PHASES.map(({ name, adds }) => [name, 2 * CALLS * adds]));
  expect(statistics.units > 0).toBe(tier.hotThreshold !== Infinity);
});
