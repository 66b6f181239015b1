// Which entries of the hart block's REMEMBERED the places in translated code have, under page tables.

import { HART, REMEMBERED } from "../layout.ts";
import type { Paging } from "./unit-builder.ts";

export class RememberedEntries {
  readonly #entries = new Map<string, number>();

  /** What everything translated for a space goes by; `tlb`: its offset in the hart block. */
  paging(space: number, tlb: number): Paging {
    return {
      tlb,
      remember: (pc, { register, from, to, writes }) => {
        const key = `${space} ${pc} ${register} ${from} ${to} ${writes}`;
        const entry = this.#entries.get(key) ?? this.#entries.size;
        if (entry === REMEMBERED.entries) return null;
        this.#entries.set(key, entry);
        return HART.rememberedPages + entry * REMEMBERED.entryBytes;
      },
    };
  }
}
