// Which harts have nothing to run. A hart says so before it looks at all queues for the last time; who
// makes a vCPU ready looks here after that: with sequentially consistent operations, one sees the other.

import { hartId, type PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field } from "../state/words.ts";
import { IDLE_HARTS } from "./layout.ts";

export const HARTS_IN_WORD = 32;

/** Words of the list for so many harts. */
export function idleHartsWords(harts: number): number {
  return Math.ceil(harts / HARTS_IN_WORD);
}

export class IdleHarts {
  readonly #words: number;

  constructor(harts: number) {
    this.#words = idleHartsWords(harts);
  }

  add(hart: Hart): void {
    hart.memory.or(wordOf(hart.id), bitOf(hart.id));
  }

  remove(hart: Hart): void {
    hart.memory.and(wordOf(hart.id), ~bitOf(hart.id));
  }

  /** Takes a hart for which there is work off the list. Answers false if it was not on it. */
  claim(hart: Hart, target: number): boolean {
    const bit = bitOf(target);
    return (hart.memory.and(wordOf(target), ~bit) & bit) !== 0;
  }

  /** Interrupts one hart that idles, if any does, and takes it off the list. Answers whether it did. */
  wakeOne(hart: Hart): boolean {
    const { memory } = hart;
    for (let index = 0; index < this.#words; index++) {
      const word = field(IDLE_HARTS, 4 * index);
      for (let bits = memory.atomicLoad(word); bits !== 0; bits = memory.atomicLoad(word)) {
        const target = HARTS_IN_WORD * index + 31 - Math.clz32(bits);
        if (!this.claim(hart, target)) continue;
        hart.sendIpi(hartId(target));
        return true;
      }
    }
    return false;
  }
}

function wordOf(hart: number): PhysicalAddress {
  return field(IDLE_HARTS, 4 * Math.floor(hart / HARTS_IN_WORD));
}

function bitOf(hart: number): number {
  return 1 << (hart % HARTS_IN_WORD);
}
