// How harts keep out of each other's way: fine-grained locks, one at a time so that none can deadlock; or
// one big lock around every trap.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { Locks } from "../locks/locks.ts";
import { LOCK_AT } from "./layout.ts";

export type Granularity = "fine" | "big";

export class Exclusion {
  readonly #locks: Locks;
  readonly #big: boolean;

  constructor(locks: Locks, granularity: Granularity) {
    this.#locks = locks;
    this.#big = granularity === "big";
  }

  /** Around everything that a hart does in the hypervisor. */
  enter(hart: Hart): void {
    if (this.#big) this.#locks.acquire(hart, LOCK_AT.big);
  }

  leave(hart: Hart): void {
    if (this.#big) this.#locks.release(hart, LOCK_AT.big);
  }

  /** Around the use of what `lock` protects. The hart holds no other of these. */
  acquire(hart: Hart, lock: PhysicalAddress): void {
    if (!this.#big) this.#locks.acquire(hart, lock);
  }

  release(hart: Hart, lock: PhysicalAddress): void {
    if (!this.#big) this.#locks.release(hart, lock);
  }
}
