// Which harts have nothing to run. A hart says so before it looks at all queues for the last time; who
// makes a vCPU ready looks here after that: with sequentially consistent operations, one sees the other.

import { hartId, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field } from "../state/words.ts";
import { IDLE_HARTS } from "./layout.ts";

const HARTS_IN_WORD = 32;

export class IdleHarts {
  readonly #words: number;

  constructor(harts: number) {
    this.#words = Math.ceil(harts / HARTS_IN_WORD);
  }

  add(hart: Hart): void {
    hart.memory.or(wordOf(hart.id), bitOf(hart.id));
  }

  remove(hart: Hart): void {
    hart.memory.and(wordOf(hart.id), ~bitOf(hart.id));
  }

  /** Interrupts one hart that idles, if any does, and takes it off the list. Answers whether it did. */
  wakeOne(hart: Hart): boolean {
    const { memory } = hart;
    for (let index = 0; index < this.#words; index++) {
      const word = field(IDLE_HARTS, 4 * index);
      for (let bits = memory.atomicLoad(word); bits !== 0; bits = memory.atomicLoad(word)) {
        const number = 31 - Math.clz32(bits);
        if (!claim(memory, word, 1 << number)) continue;
        hart.sendIpi(hartId(HARTS_IN_WORD * index + number));
        return true;
      }
    }
    return false;
  }
}

/** Clears a bit; answers false if another hart was first. */
function claim(memory: CoreMemory, word: PhysicalAddress, bit: number): boolean {
  return (memory.and(word, ~bit) & bit) !== 0;
}

function wordOf(hart: number): PhysicalAddress {
  return field(IDLE_HARTS, 4 * Math.floor(hart / HARTS_IN_WORD));
}

function bitOf(hart: number): number {
  return 1 << (hart % HARTS_IN_WORD);
}
