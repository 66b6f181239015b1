// Several accesses in one block from registers that depend on one another, around every end of memory. A translator
// that checks them together must still fault at the first that is not there, with the ones before it done.

import { describe, expect, test } from "vitest";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { encode } from "./encode.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import { CODE, enterGuest, faultOf, guestView, highOf, lowOf, MAPS, patternedMemory, RAM, type Fault, type MemoryMap } from "./memory-map.ts";

const TIERS = [{ hotThreshold: Infinity, slice: 100_000 }, { hotThreshold: 1, slice: 100_000 }, { hotThreshold: 1, slice: 100_000, shared: true }];
const LIMIT = 10_000_000;
const BYTES = 8;
const POINTER = 11;
const OTHER = 12;
const DONE = 5; // counts the accesses that were executed
const DISTANCES = [-4096, -40, -16, -8, -1, 0, 1, 8, 16, 40, 2040] as const;

interface Access {
  /** From the pointer's first value. */
  readonly offset: number;
  readonly store: boolean;
  readonly words: readonly number[];
}

const load = (rs1: number, immediate: number): number => encode("ld", { rd: 13, rs1, immediate });
const store = (rs1: number, immediate: number): number => encode("sd", { rs1, rs2: DONE, immediate });
const add = (rd: number, rs1: number, immediate: number): number => encode("addi", { rd, rs1, immediate });
/** mv as its compressed form stands for: an addition to x0. */
const copy = (rd: number, rs2: number): number => encode("add", { rd, rs2 });
const reaches = (distance: number): number => Math.max(-2048, Math.min(2047, distance));

/** Two or three accesses, the later ones `distance` away, by different ways of computing addresses. */
const SEQUENCES: Readonly<Record<string, (distance: number) => readonly Access[]>> = {
  "by offset": (distance) => [
    { offset: 0, store: false, words: [load(POINTER, 0)] },
    { offset: reaches(distance), store: false, words: [load(POINTER, reaches(distance))] },
  ],
  "by offset, stores": (distance) => [
    { offset: 0, store: true, words: [store(POINTER, 0)] },
    { offset: reaches(distance), store: true, words: [store(POINTER, reaches(distance))] },
    { offset: 0, store: false, words: [load(POINTER, 0)] },
  ],
  "by a moved pointer": (distance) => [
    { offset: 0, store: false, words: [load(POINTER, 0)] },
    { offset: reaches(distance), store: true, words: [add(POINTER, POINTER, reaches(distance)), store(POINTER, 0)] },
    { offset: 0, store: false, words: [load(POINTER, -reaches(distance) % 2048)] },
  ].map((access, index) => (index === 2 ? { ...access, offset: reaches(distance) + (-reaches(distance) % 2048) } : access)),
  "by a copy of a moved pointer": (distance) => [
    { offset: 16, store: false, words: [add(POINTER, POINTER, 16), load(POINTER, 0)] },
    { offset: 16 + reaches(distance), store: false, words: [copy(OTHER, POINTER), load(OTHER, reaches(distance))] },
    { offset: 24, store: false, words: [add(OTHER, OTHER, 8), load(OTHER, 0)] },
  ],
  // Exchanged: each register now holds what began in the other.
  "by exchanged pointers": (distance) => [
    { offset: reaches(distance), store: false, words: [add(OTHER, POINTER, reaches(distance)), load(OTHER, 0)] },
    { offset: 0, store: true, words: [copy(14, POINTER), copy(POINTER, OTHER), copy(OTHER, 14), store(OTHER, 0)] },
    { offset: reaches(distance), store: true, words: [store(POINTER, 0)] },
  ],
  "by a loaded pointer": (distance) => [
    { offset: 0, store: true, words: [add(OTHER, POINTER, reaches(distance)), encode("sd", { rs1: POINTER, rs2: OTHER })] },
    { offset: 0, store: false, words: [encode("ld", { rd: POINTER, rs1: POINTER })] },
    { offset: reaches(distance), store: true, words: [store(POINTER, 0)] },
  ],
};

interface Case {
  readonly name: string;
  readonly pc: number;
  readonly base: bigint;
  readonly accesses: readonly Access[];
}

/** The first access that faults, and how many came before it. */
function wantedOf({ pc, base, accesses }: Case, map: MemoryMap): { readonly fault: Fault | null; readonly done: number } {
  let at = pc;
  for (const [index, { offset, store: stores, words }] of accesses.entries()) {
    const right = stores ? RIGHT.write : RIGHT.read;
    for (let byte = 0; byte < BYTES; byte++) {
      const address = BigInt.asUintN(64, base + BigInt(offset + byte));
      const mapped = map.areas.some((area) =>
        address >= area.base && address < area.base + area.bytes && (area.rights & right) !== 0);
      if (mapped) continue;
      const cause = stores ? map.cause.store : map.cause.load;
      return { fault: { cause, value: address, pc: BigInt(at + 4 * (words.length - 1)) }, done: index };
    }
    at += 4 * (words.length + 1);
  }
  return { fault: null, done: accesses.length };
}

/** Runs one case after another: every trap ends one. */
class Prober implements Software {
  readonly outcomes: { readonly fault: Fault | null; readonly done: number }[] = [];
  readonly #map: MemoryMap;
  readonly #cases: readonly Case[];

  constructor(map: MemoryMap, cases: readonly Case[]) {
    this.#map = map;
    this.#cases = cases;
  }

  boot(): void {
    // Memory has been filled by the test.
  }

  start(hart: Hart): void {
    enterGuest(hart, this.#map);
    this.#enter(hart);
  }

  trap(hart: Hart): void {
    this.outcomes.push({ fault: faultOf(hart, this.#map), done: hart.xNumber(DONE) });
    if (this.outcomes.length === this.#cases.length) hart.halt();
    else this.#enter(hart);
  }

  #enter(hart: Hart): void {
    const { pc, base } = this.#cases[this.outcomes.length];
    hart.setResume(pc, 0);
    hart.setX(DONE, 0, 0);
    hart.setX(POINTER, lowOf(base), highOf(base));
  }
}

describe.each(["machine", "hypervisor"] as const)("in a guest of a %s-mode engine", (mode) => {
  test.each(TIERS)("threshold $hotThreshold", (tier) => {
    const map = MAPS[mode];
    const memory = patternedMemory();
    const view = guestView(memory, map);
    const ends = [...new Set(map.areas.flatMap(({ base, bytes }) => [base, base + bytes]))];
    const bases = [...ends.flatMap((end) => [-48, -24, -16, -9, -8, -7, -1, 0, 1, 8, 16, 40].map((near) => BigInt(end + near))), 0n, (1n << 64n) - 8n];
    let at = CODE;
    const cases = Object.entries(SEQUENCES).flatMap(([name, sequence]) => DISTANCES.flatMap((distance) => {
      const accesses = sequence(distance);
      const pc = at;
      const words = [...accesses.flatMap((access) => [...access.words, add(DONE, DONE, 1)]), encode("ecall")];
      for (const word of words) {
        view.setUint32(at - RAM, word, true);
        at += 4;
      }
      return bases.map((base): Case => ({ name: `${name}, ${distance} away, from ${base.toString(16)}`, pc, base, accesses }));
    }));
    const prober = new Prober(map, cases);
    const { machine, core } = makeMachine(memory, prober, { ...tier, mode });
    runUntilHalted(machine, { ...tier, mode }, LIMIT);
    for (const [index, one] of cases.entries()) {
      expect({ name: one.name, ...prober.outcomes[index] }).toEqual({ name: one.name, ...wantedOf(one, map) });
    }
    expect(prober.outcomes.filter(({ done }) => done > 0).length).toBeGreaterThan(cases.length / 4);
    expect(core.statistics().units > 0).toBe(tier.hotThreshold === 1);
  });
});
