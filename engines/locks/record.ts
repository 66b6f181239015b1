// One lock in engine state: what waiters look at, and, on a line of its own so that counting does not
// disturb them, what its holder counts.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";

export const LOCK = {
  /** test-and-set: 1 while held. ticket: the next ticket. mcs: address of the last waiter's node. */
  word: 0x00,
  /** ticket: the ticket that may enter. */
  serving: 0x04,
  lastHolder: 0x40, // hart id + 1; 0 before the first acquisition
  acquisitions: 0x48, // number, as all below
  contended: 0x50,
  handovers: 0x58,
  waiting: 0x60, // cycles
  waitingMax: 0x68,
  holding: 0x70,
  holdingMax: 0x78,
} as const;
export const LOCK_BYTES = 0x80;

/** What each hart brings to a lock. A hart holds and waits for one lock at a time. */
export const LOCK_NODE = {
  next: 0x00, // mcs: address of the node that waits behind this one
  waits: 0x04, // mcs: 1 until the lock is handed over
  since: 0x08, // number: when the lock was acquired, in cycles
} as const;
export const LOCK_NODE_BYTES = 0x40;

export interface LockKind {
  /** Returns holding the lock; answers whether it had to wait. */
  acquire(memory: CoreMemory, lock: PhysicalAddress, node: PhysicalAddress): boolean;
  release(memory: CoreMemory, lock: PhysicalAddress, node: PhysicalAddress): void;
}
