// First come, first served, and each waiter watches only its own node (Mellor-Crummey and Scott, 1991).

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, NONE, toAddress } from "../state/words.ts";
import { LOCK, LOCK_NODE, type LockKind } from "./record.ts";

export const mcs: LockKind = {
  acquire(memory: CoreMemory, lock: PhysicalAddress, node: PhysicalAddress): boolean {
    memory.atomicStore(field(node, LOCK_NODE.next), NONE);
    const previous = toAddress(memory.exchange(field(lock, LOCK.word), node));
    if (previous === NONE) return false;
    // Before the previous holder can see the node: otherwise its handover could come first and be lost.
    memory.atomicStore(field(node, LOCK_NODE.waits), 1);
    memory.atomicStore(field(previous, LOCK_NODE.next), node);
    memory.awaitEqual(field(node, LOCK_NODE.waits), 0);
    return true;
  },

  release(memory: CoreMemory, lock: PhysicalAddress, node: PhysicalAddress): void {
    let next = toAddress(memory.atomicLoad(field(node, LOCK_NODE.next)));
    if (next === NONE) {
      if (toAddress(memory.compareExchange(field(lock, LOCK.word), node, NONE)) === node) return;
      // Someone is between the exchange and the link.
      next = toAddress(memory.awaitOther(field(node, LOCK_NODE.next), NONE));
    }
    memory.atomicStore(field(next, LOCK_NODE.waits), 0);
  },
};
