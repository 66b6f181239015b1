// How harts keep out of each other's way: fine-grained locks, one at a time so that none can deadlock; or
// one big lock around every trap.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { NONE } from "../state/words.ts";
import type { Locks } from "./locks.ts";

export type Granularity = "fine" | "big";

export class Exclusion {
  readonly #locks: Locks;
  /** NONE: fine-grained. */
  readonly #big: PhysicalAddress;

  constructor(locks: Locks, granularity: Granularity, big: PhysicalAddress) {
    this.#locks = locks;
    this.#big = granularity === "big" ? big : NONE;
  }

  /** Around everything that a hart does in the hypervisor. */
  enter(hart: Hart): void {
    if (this.#big !== NONE) this.#locks.acquire(hart, this.#big);
  }

  leave(hart: Hart): void {
    if (this.#big !== NONE) this.#locks.release(hart, this.#big);
  }

  /** Around the use of what `lock` protects. The hart holds no other of these. */
  acquire(hart: Hart, lock: PhysicalAddress): void {
    if (this.#big === NONE) this.#locks.acquire(hart, lock);
  }

  release(hart: Hart, lock: PhysicalAddress): void {
    if (this.#big === NONE) this.#locks.release(hart, lock);
  }
}
