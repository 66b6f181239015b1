// First come, first served: take a number, wait until it is served. All waiters watch one word.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field } from "../state/words.ts";
import { LOCK, type LockKind } from "./record.ts";

export const ticket: LockKind = {
  acquire(memory: CoreMemory, lock: PhysicalAddress): boolean {
    const serving = field(lock, LOCK.serving);
    const mine = memory.add(field(lock, LOCK.word), 1);
    if (memory.atomicLoad(serving) === mine) return false;
    memory.awaitEqual(serving, mine);
    return true;
  },

  release(memory: CoreMemory, lock: PhysicalAddress): void {
    memory.add(field(lock, LOCK.serving), 1);
  },
};
