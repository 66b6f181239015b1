// The address spaces that page tables make, as the harts of one thread have met them: by second stage, root of the tables and
// privilege. A guest can write any root to satp, so there are only so many; when there would be more, all are forgotten.

import type { GeneratedCore } from "../../core.ts";
import { FIRST_PAGED_SPACE } from "../../layout.ts";

/** An address space made by page tables, for one privilege. */
export interface PagedSpace {
  readonly number: number;
  /** Age of the translations that its code was last found to agree with. */
  age: number;
}

/** More than processes that take turns. */
export const MOST_SPACES = 1024;
/** Numbers come again after so many, when no hart is in a space that had one before. */
const NUMBERS = 2 ** 30;

export class PagedSpaces {
  /** Rises with everything that may change what a virtual address means. */
  age = 0;
  readonly #spaces = new Map<string, PagedSpace>();
  #made = 0;

  /** A hart that is still in a forgotten space goes on with its number, which no other has. */
  of(base: number, rootLow: number, rootHigh: number, privilege: number, core: Pick<GeneratedCore, "forgetPaged">): PagedSpace {
    const key = `${base} ${rootHigh} ${rootLow} ${privilege}`;
    const known = this.#spaces.get(key);
    if (known !== undefined) return known;
    if (this.#spaces.size === MOST_SPACES) {
      this.#spaces.clear();
      core.forgetPaged();
    }
    const space = { number: FIRST_PAGED_SPACE + (this.#made++ % NUMBERS), age: -1 };
    this.#spaces.set(key, space);
    return space;
  }
}
