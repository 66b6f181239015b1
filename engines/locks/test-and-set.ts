// A word that whoever finds it 0 sets to 1; who does not, pauses twice as long each time. Not fair.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field } from "../state/words.ts";
import { LOCK, type LockKind } from "./record.ts";

const LONGEST_PAUSE = 256;

export const testAndSet: LockKind = {
  acquire(memory: CoreMemory, lock: PhysicalAddress): boolean {
    const word = field(lock, LOCK.word);
    if (memory.exchange(word, 1) === 0) return false;
    memory.awaitExchange(word, 1, 0, LONGEST_PAUSE);
    return true;
  },

  release(memory: CoreMemory, lock: PhysicalAddress): void {
    memory.atomicStore(field(lock, LOCK.word), 0);
  },
};
