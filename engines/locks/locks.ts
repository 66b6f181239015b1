// Acquires and releases locks of one kind, and counts. The counters of a lock are written by its holder
// only, so they need no atomic operation.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field } from "../state/words.ts";
import { LOCK, LOCK_NODE, LOCK_NODE_BYTES, type LockKind } from "./record.ts";

export class Locks {
  readonly #kind: LockKind;
  readonly #nodes: PhysicalAddress;
  readonly #timing: boolean;

  /** `nodes`: one LOCK_NODE for each hart. With `timing`, two clock reads are added to every acquisition. */
  constructor(kind: LockKind, nodes: PhysicalAddress, timing: boolean) {
    this.#kind = kind;
    this.#nodes = nodes;
    this.#timing = timing;
  }

  /** The hart holds no other lock. */
  acquire(hart: Hart, lock: PhysicalAddress): void {
    const memory = hart.memory;
    const node = this.#node(hart);
    hart.trace("lock wanted", lock);
    const from = this.#timing ? hart.now() : 0;
    const waited = this.#kind.acquire(memory, lock, node);
    hart.trace("lock acquired", lock);
    count(memory, lock, LOCK.acquisitions, 1);
    if (waited) count(memory, lock, LOCK.contended, 1);
    const last = memory.load(field(lock, LOCK.lastHolder));
    if (last !== hart.id + 1) {
      memory.store(field(lock, LOCK.lastHolder), hart.id + 1);
      if (last !== 0) count(memory, lock, LOCK.handovers, 1);
    }
    if (!this.#timing) return;
    const acquired = hart.now();
    memory.storeNumber(field(node, LOCK_NODE.since), acquired);
    if (!waited) return;
    count(memory, lock, LOCK.waiting, acquired - from);
    raiseMaximum(memory, lock, LOCK.waitingMax, acquired - from);
  }

  release(hart: Hart, lock: PhysicalAddress): void {
    const memory = hart.memory;
    const node = this.#node(hart);
    if (this.#timing) {
      const held = hart.now() - memory.loadNumber(field(node, LOCK_NODE.since));
      count(memory, lock, LOCK.holding, held);
      raiseMaximum(memory, lock, LOCK.holdingMax, held);
    }
    hart.trace("lock released", lock);
    this.#kind.release(memory, lock, node);
  }

  #node(hart: Hart): PhysicalAddress {
    return physical(this.#nodes + hart.id * LOCK_NODE_BYTES);
  }
}

function count(memory: CoreMemory, lock: PhysicalAddress, counter: number, amount: number): void {
  const at = field(lock, counter);
  memory.storeNumber(at, memory.loadNumber(at) + amount);
}

function raiseMaximum(memory: CoreMemory, lock: PhysicalAddress, maximum: number, value: number): void {
  const at = field(lock, maximum);
  if (value > memory.loadNumber(at)) memory.storeNumber(at, value);
}
