// An engine whose guest tries one case after another: every trap that says what came of a case ends it.

import { physical } from "../../engines/machine/address.ts";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import type { Software } from "../../engines/machine/machine.ts";
import type { PhysicalMemory } from "../../engines/machine/memory.ts";
import { areaOf, enterGuest, type MemoryMap } from "./memory-map.ts";

/** Bytes looked at on either side of an address. */
export const MARGIN = 16;

export abstract class CaseProber<Case, Seen> implements Software {
  /** Of every case, in their order. */
  readonly seen: Seen[] = [];
  protected readonly map: MemoryMap;
  readonly #memory: PhysicalMemory;
  readonly #cases: readonly Case[];
  #before: readonly number[] = [];

  constructor(memory: PhysicalMemory, map: MemoryMap, cases: readonly Case[]) {
    this.#memory = memory;
    this.map = map;
    this.#cases = cases;
  }

  /** Makes the hart begin a case. */
  protected abstract prepare(hart: Hart, one: Case): void;
  /** What there is to see at a trap; undefined: the case goes on. `before`: what bytes() answered when it began. */
  protected abstract observe(hart: Hart, one: Case, before: readonly number[]): Seen | undefined;
  /** Bytes that a case may change. */
  protected abstract bytes(one: Case): readonly number[];

  boot(): void {
    // Memory has been filled by the test.
  }

  start(hart: Hart): void {
    enterGuest(hart, this.map);
    this.#enter(hart);
  }

  trap(hart: Hart): void {
    const seen = this.observe(hart, this.#cases[this.seen.length], this.#before);
    if (seen === undefined) return;
    this.seen.push(seen);
    if (this.seen.length === this.#cases.length) hart.halt();
    else this.#enter(hart);
  }

  /** Bytes around an address; -1 where nothing is mapped. */
  protected around(address: bigint): readonly number[] {
    return Array.from({ length: 2 * MARGIN }, (_, index) => {
      const at = Number(address - BigInt(MARGIN) + BigInt(index));
      const area = areaOf(this.map, at);
      return area === undefined || area.beyond?.rights === 0 ? -1 : this.#memory.u8[this.#memory.offset(physical(area.physical)) + at - area.base];
    });
  }

  #enter(hart: Hart): void {
    const one = this.#cases[this.seen.length];
    this.prepare(hart, one);
    this.#before = this.bytes(one);
  }
}
