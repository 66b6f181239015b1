// A heap of nodes of one size in engine state: taken one by one, given back to a list of free ones. What grows without a bound of
// its own grows here, until the heap is full. No default of an engine has one.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, loadAddress, NONE } from "./words.ts";

export const HEAP = {
  free: 0x00, // address of the first node that was given back
  taken: 0x04, // nodes ever taken from the rest
  used: 0x08, // nodes in use
  peak: 0x0c, // most nodes ever in use
  refused: 0x10, // requests that found the heap full
  nodes: 0x40,
} as const;

export const NODE = { next: 0x0, value: 0x4 } as const;
export const NODE_BYTES = 0x10;

export function heapBytes(nodes: number): number {
  return HEAP.nodes + nodes * NODE_BYTES;
}

/** A node; NONE when all are in use. */
export function takeNode(memory: CoreMemory, heap: PhysicalAddress, nodes: number): PhysicalAddress {
  let node = loadAddress(memory, field(heap, HEAP.free));
  if (node !== NONE) {
    memory.store(field(heap, HEAP.free), memory.load(field(node, NODE.next)));
  } else {
    const taken = memory.load(field(heap, HEAP.taken));
    if (taken === nodes) {
      count(memory, field(heap, HEAP.refused), 1);
      return NONE;
    }
    memory.store(field(heap, HEAP.taken), taken + 1);
    node = field(heap, HEAP.nodes + taken * NODE_BYTES);
  }
  const used = count(memory, field(heap, HEAP.used), 1);
  if (used > memory.load(field(heap, HEAP.peak))) memory.store(field(heap, HEAP.peak), used);
  return node;
}

export function giveNode(memory: CoreMemory, heap: PhysicalAddress, node: PhysicalAddress): void {
  memory.store(field(node, NODE.next), memory.load(field(heap, HEAP.free)));
  memory.store(field(heap, HEAP.free), node);
  count(memory, field(heap, HEAP.used), -1);
}

function count(memory: CoreMemory, at: PhysicalAddress, change: number): number {
  const value = memory.load(at) + change;
  memory.store(at, value);
  return value;
}
