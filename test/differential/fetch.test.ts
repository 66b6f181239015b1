// Instruction fetch at and across the ends of memory, reached by running on, by jumps, calls and returns.

import { describe, expect, test } from "vitest";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { encode } from "./encode.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import {
  CODE, enterGuest, faultOf, guestView, highOf, lowOf, MAPS, patternedMemory, RAM, type Fault, type MemoryMap,
} from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity, slice: 100_000 }, { hotThreshold: 1, slice: 100_000 }];
const LIMIT = 100_000;
const POINTER = 11;
const COMPRESSED_NOP = 0x0001;
const NOP = encode("addi");

interface Step {
  readonly word: number;
  readonly length: 2 | 4;
}

/** Ways to get to the address in the pointer register. */
const JUMPS: Readonly<Record<string, Step>> = {
  "a jump": { word: encode("jalr", { rs1: POINTER }), length: 4 },
  "a call": { word: encode("jalr", { rd: 1, rs1: POINTER }), length: 4 },
  "c.jr": { word: 0x8002 | (POINTER << 7), length: 2 },
  "c.jalr": { word: 0x9002 | (POINTER << 7), length: 2 },
};

/** Enters at CODE once for every target and records how that ended. */
class Jumper implements Software {
  readonly #map: MemoryMap;
  readonly #targets: readonly bigint[];
  readonly faults: (Fault | null)[] = [];

  constructor(map: MemoryMap, targets: readonly bigint[]) {
    this.#map = map;
    this.#targets = targets;
  }

  boot(): void {
    // Memory has been filled by the test.
  }

  start(hart: Hart): void {
    enterGuest(hart, this.#map);
    this.#enter(hart);
  }

  trap(hart: Hart): void {
    this.faults.push(faultOf(hart, this.#map));
    if (this.faults.length === this.#targets.length) hart.halt();
    else this.#enter(hart);
  }

  #enter(hart: Hart): void {
    const target = this.#targets[this.faults.length];
    hart.setResume(CODE, 0);
    hart.setX(POINTER, lowOf(target), highOf(target));
  }
}

describe.each(["machine", "hypervisor"] as const)("in a guest of a %s-mode engine", (mode) => {
  const map = MAPS[mode];
  const { fetch } = map.cause;
  const end = BigInt(RAM + map.areas[0].bytes);
  /** Address, and where the fetch from there fails: the faulting part, and the pc of its instruction. */
  const cases: readonly (readonly [target: bigint, value: bigint, pc: bigint])[] = [
    [end, end, end],
    [end + 2n, end + 2n, end + 2n],
    [0n, 0n, 0n],
    [BigInt(RAM - 2), BigInt(RAM - 2), BigInt(RAM - 2)],
    [0x9000_0000n, 0x9000_0000n, 0x9000_0000n], // a window without the right to execute, or nothing
    [BigInt(RAM) + (1n << 32n), BigInt(RAM) + (1n << 32n), BigInt(RAM) + (1n << 32n)],
    [(1n << 63n) + 0x1234n, (1n << 63n) + 0x1234n, (1n << 63n) + 0x1234n],
    [(1n << 64n) - 2n, (1n << 64n) - 2n, (1n << 64n) - 2n],
    [0xffff_ffff_8000_0000n, 0xffff_ffff_8000_0000n, 0xffff_ffff_8000_0000n],
  ];

  describe.each(TIERS)("threshold $hotThreshold", (tier) => {
    test.each(Object.entries(JUMPS))("%s to where there is no code faults there", (_, jump) => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      view.setUint32(CODE - RAM, NOP, true);
      if (jump.length === 2) view.setUint16(CODE - RAM + 4, jump.word, true);
      else view.setUint32(CODE - RAM + 4, jump.word, true);
      const jumper = new Jumper(map, cases.map(([target]) => target));
      runUntilHalted(makeMachine(memory, jumper, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      expect(jumper.faults).toEqual(cases.map(([, value, pc]) => ({ cause: fetch, value, pc })));
    });

    // Found by fuzzing: entries for instructions met held this word before any was.
    test("a word of ones is illegal, wherever it is met first", () => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      view.setUint32(CODE - RAM, encode("jalr", { rs1: POINTER }), true);
      const places = [0x100, 0x102, 0x1_fffe, 0x2_0000];
      for (const place of places) {
        view.setUint16(place, 0xffff, true);
        view.setUint16(place + 2, 0xffff, true);
      }
      const targets = places.map((place) => BigInt(RAM + place));
      const jumper = new Jumper(map, targets);
      runUntilHalted(makeMachine(memory, jumper, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      expect(jumper.faults).toEqual(targets.map((pc) => ({ cause: 2, value: 0xffff_ffffn, pc })));
    });

    // [bytes at the end of RAM, distance of the entry from the end, distance of the faulting pc from it]
    test.each([
      ["runs up to the end in compressed instructions", [COMPRESSED_NOP, COMPRESSED_NOP, COMPRESSED_NOP], 6n, 0n],
      ["runs up to the end in a whole instruction", [COMPRESSED_NOP, NOP & 0xffff, NOP >>> 16], 6n, 0n],
      ["ends in half an instruction", [COMPRESSED_NOP, COMPRESSED_NOP, NOP & 0xffff], 6n, 2n],
      ["is half an instruction", [NOP & 0xffff], 2n, 2n],
    ] as const)("code that %s faults at the end", (_, halves, from, before) => {
      const memory = patternedMemory();
      const view = guestView(memory, map);
      view.setUint32(CODE - RAM, encode("jalr", { rs1: POINTER }), true);
      for (const [index, half] of halves.entries()) view.setUint16(view.byteLength - 2 * (halves.length - index), half, true);
      const jumper = new Jumper(map, [end - from, end - from, end - from]);
      runUntilHalted(makeMachine(memory, jumper, { ...tier, mode }).machine, { ...tier, mode }, LIMIT);
      const fault = { cause: fetch, value: end, pc: end - before };
      expect(jumper.faults).toEqual([fault, fault, fault]);
    });
  });
});
