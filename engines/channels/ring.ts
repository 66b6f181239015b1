// A ring of small messages from one hart to another: one writes it, one reads it, and neither waits.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field } from "../state/words.ts";

export const RING = {
  /** Messages put so far; only the writer stores here. */
  head: 0x00,
  slots: 0x04,
  /** Messages taken so far; only the reader stores here, on a line of its own. */
  tail: 0x40,
} as const;
export const RING_SLOTS = 8;
export const RING_BYTES = 0x80;

export const EMPTY = -1;

/**
 * Puts a message (0 or above), unless the same one is there, not taken yet: the reader will act on that
 * after this call. Answers false if the ring is full.
 */
export function put(memory: CoreMemory, ring: PhysicalAddress, message: number): boolean {
  const head = memory.load(field(ring, RING.head));
  // A fence too: what the writer stored before must be visible to a reader that acts on an earlier message.
  memory.atomicStore(field(ring, RING.head), head);
  const tail = memory.atomicLoad(field(ring, RING.tail));
  for (let at = tail; at !== head; at = (at + 1) | 0) {
    if (memory.load(slot(ring, at)) === message) return true;
  }
  if (((head - tail) | 0) >= RING_SLOTS) return false;
  memory.store(slot(ring, head), message);
  memory.atomicStore(field(ring, RING.head), (head + 1) | 0);
  return true;
}

/** The oldest message, or EMPTY. It counts as not taken until drop(). */
export function peek(memory: CoreMemory, ring: PhysicalAddress): number {
  const tail = memory.load(field(ring, RING.tail));
  return tail === memory.atomicLoad(field(ring, RING.head)) ? EMPTY : memory.load(slot(ring, tail));
}

/** Takes the oldest message, on which the reader has acted. */
export function drop(memory: CoreMemory, ring: PhysicalAddress): void {
  const tail = field(ring, RING.tail);
  memory.atomicStore(tail, (memory.load(tail) + 1) | 0);
}

function slot(ring: PhysicalAddress, position: number): PhysicalAddress {
  return field(ring, RING.slots + 4 * (position & (RING_SLOTS - 1)));
}
