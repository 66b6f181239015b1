// Every one of the 49,152 compressed words, and every word one bit away from an instruction, in QEMU and here:
// what it does, or that it is illegal.

import { describe, expect, test } from "vitest";
import { decode, type Decoded } from "../../engines/machine/instructions/decode.ts";
import { BY_NUMBER } from "../../engines/machine/instructions/table.ts";
import type { Assembler } from "./assembler.ts";
import { programOf, type RandomStream } from "./generator.ts";
import type { Item } from "./item.ts";
import { MAXIMUM_TRAPS, SCRATCH_BYTES } from "./program.ts";
import { hasQemu } from "./qemu.ts";
import { Random } from "./random.ts";
import { differences, expectedResults, machineResults } from "./run.ts";

const LIMIT_MILLISECONDS = 120_000;
const GP = 3;
const SEED = 7;
/** Words a stream: few enough that what the first wrote is not lost under what the last did. */
const WORDS = 24;
const STREAMS = 1500;

/** How a word can be tried alone: jumps and branches are not among these, their reach is tested with assembled code. */
function itemFor(word: number, decoded: Decoded | null): Item | null {
  const item = (emit: (code: Assembler) => void): Item =>
    ({ text: `c ${word.toString(16)}`, skip: 0, body: [], emit });
  if (decoded === null) return item((code) => code.raw(2, word));
  if (decoded.rd === GP) return null;
  switch (BY_NUMBER[decoded.number].kind) {
    case "compute":
    case "system": // ebreak
      return item((code) => code.raw(2, word));
    case "load":
    case "store": {
      if (decoded.rs1 === GP) return null;
      const to = (word * 7) % (SCRATCH_BYTES - 8);
      return item((code) => {
        code.op("addi", { rd: decoded.rs1, rs1: GP, immediate: to - decoded.immediate });
        code.raw(2, word);
      });
    }
    default: return null;
  }
}

function streamsOf(items: readonly Item[]): readonly RandomStream[] {
  // The neighbours of a word differ in few bits: streams take words from all over.
  const count = Math.ceil(items.length / WORDS);
  return Array.from({ length: count }, (_, number) => {
    const random = new Random(SEED, number);
    const chosen = items.filter((_item, index) => index % count === number);
    return { mode: "supervisor", registers: Array.from({ length: 32 }, () => random.value()), items: chosen };
  });
}

/** Runs all items on both, interpreted here; expects no difference. */
function expectSame(items: readonly Item[]): void {
  const streams = streamsOf(items);
  expect(Math.max(...streams.map((stream) => stream.items.length))).toBeLessThanOrEqual(MAXIMUM_TRAPS);
  for (let from = 0; from < streams.length; from += STREAMS) {
    const part = streams.slice(from, from + STREAMS);
    const program = programOf(SEED, part, 1);
    const { results } = machineResults(program, { mode: "machine", hotThreshold: Infinity, slice: 1_000_000 });
    const [first] = differences(results, expectedResults(program), program);
    const words = first === undefined ? [] : part[first.stream].items.map((item) => item.text);
    expect({ first, words }).toEqual({ first: undefined, words: [] });
  }
}

describe.skipIf(!hasQemu)("are executed or refused as in QEMU:", () => {
  test("all compressed words", () => {
    const items: Item[] = [];
    for (let word = 0; word < 0x1_0000; word++) {
      const item = (word & 3) === 3 ? null : itemFor(word, decode(word));
      if (item !== null) items.push(item);
    }
    expect(items.length).toBeGreaterThan(40_000);
    expectSame(items);
  }, LIMIT_MILLISECONDS);

  test("words one bit away from an instruction", () => {
    const words = BY_NUMBER.flatMap(({ match, mask }) =>
      Array.from({ length: 30 }, (_, bit) => (match ^ (4 << bit)) >>> 0).filter((word) => ((match ^ word) & mask) !== 0));
    const illegal = [...new Set(words)].filter((word) => decode(word) === null);
    expect(illegal.length).toBeGreaterThan(300);
    expectSame(illegal.map((word) => ({ text: word.toString(16), skip: 0, body: [], emit: (code) => code.raw(4, word) })));
  }, LIMIT_MILLISECONDS);
});
