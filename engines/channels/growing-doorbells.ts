// Doorbells that are queued, each in a node of a heap that all guests share, until their guest asks for them: here to be attacked.
// A guest that rings one which never asks takes the heap away from everybody; one that asks late has the engine walk all of its queue.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { giveNode, heapBytes, NODE, takeNode } from "../state/heap.ts";
import { field, loadAddress, NONE } from "../state/words.ts";
import { VM } from "../virtual-machine/record.ts";
import { type Doorbells, peerBit, peerOf, REFUSED } from "./doorbells.ts";

/** 64 KiB. */
export const HEAP_NODES = 4096;

/** Of each guest, by its index. */
const QUEUE = { first: 0x0, last: 0x4 } as const;
const QUEUE_BYTES = 0x8;

/** A queue without a bound promises nobody a place in it. */
export const GROWING_WITHDRAWS = { growing: ["cpuShare"] } as const;

/** Of the heap, and behind it the queues of so many guests. */
export function growingBytes(guests: number): number {
  return heapBytes(HEAP_NODES) + guests * QUEUE_BYTES;
}

/** Under a lock. All of its state is zero at first. */
export class GrowingDoorbells implements Doorbells {
  readonly #heap: PhysicalAddress;

  /** `heap`: where its state begins. */
  constructor(heap: PhysicalAddress) {
    this.#heap = heap;
  }

  ring(memory: CoreMemory, vm: PhysicalAddress, id: number): PhysicalAddress {
    const peer = peerOf(memory, vm, id);
    if (peer === NONE) return NONE;
    const node = takeNode(memory, this.#heap, HEAP_NODES);
    if (node === NONE) return REFUSED;
    memory.store(field(node, NODE.value), peerBit(memory, vm, id));
    memory.store(field(node, NODE.next), NONE);
    const queue = this.#queueOf(memory, peer);
    const last = loadAddress(memory, field(queue, QUEUE.last));
    memory.store(last === NONE ? field(queue, QUEUE.first) : field(last, NODE.next), node);
    memory.store(field(queue, QUEUE.last), node);
    return peer;
  }

  takeRung(memory: CoreMemory, vm: PhysicalAddress): number {
    const queue = this.#queueOf(memory, vm);
    let bits = 0;
    let node = loadAddress(memory, field(queue, QUEUE.first));
    while (node !== NONE) {
      const next = loadAddress(memory, field(node, NODE.next));
      bits |= memory.load(field(node, NODE.value));
      giveNode(memory, this.#heap, node);
      node = next;
    }
    memory.store(field(queue, QUEUE.first), NONE);
    memory.store(field(queue, QUEUE.last), NONE);
    return bits;
  }

  #queueOf(memory: CoreMemory, vm: PhysicalAddress): PhysicalAddress {
    return field(this.#heap, heapBytes(HEAP_NODES) + memory.load(field(vm, VM.number)) * QUEUE_BYTES);
  }
}
