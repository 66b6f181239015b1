// What a program of the engine's own has of the hart in user mode: the general registers, and the memory of its
// address space.

import type { PhysicalAddress } from "../address.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { Hart } from "./hart.ts";
import { readSpace } from "./second-stage.ts";
import { UserMemory } from "./user-memory.ts";

export class UserMode {
  readonly memory: UserMemory;
  readonly #hart: Hart;
  readonly #physical: PhysicalMemory;
  /** Address spaces that this hart has used, by number: as hardware keeps translations by ASID. */
  readonly #spaces: (readonly number[] | undefined)[] = [];
  /** The one in use. */
  space = -1;

  constructor(memory: PhysicalMemory, hart: Hart) {
    this.memory = new UserMemory(memory, hart.memory);
    this.#hart = hart;
    this.#physical = memory;
  }

  xLow(n: number): number {
    return this.#hart.xLow(n);
  }

  /** Sets x[n] to a 32-bit number, sign-extended. */
  setX(n: number, value: number): void {
    this.#hart.setX(n, value, value >> 31);
  }

  /** For the hart: the program is in address space `space`, whose table lies at `table`. */
  use(table: PhysicalAddress, space: number): void {
    const regions = this.#spaces[space] ?? readSpace(this.#physical, table);
    this.#spaces[space] = regions;
    this.memory.use(regions);
    this.space = space;
  }
}
