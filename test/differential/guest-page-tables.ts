// Sv39 tables of a guest in its RAM, made as pages are mapped. The layout is written down here a second time, from the
// specification (Volume II, "Sv39").

import { RAM_BASE } from "../../engines/machine/layout.ts";

const PAGE = 0x1000;
const POINTER = 1n; // V alone
const ENTRY_BYTES = 8;
/** Lowest bits of the index at each level, the root's first. */
const SHIFTS = [30, 21, 12] as const;

/** Bits of a leaf. */
export const LEAF = { V: 1, R: 2, W: 4, X: 8, U: 16, A: 64, D: 128 } as const;

export class GuestPageTables {
  /** For satp, whose MODE is Sv39. */
  readonly rootPage: number;
  readonly #view: DataView;
  #free: number;

  /** `view`: the guest's RAM; `tables`: where in it there is room, a guest address. */
  constructor(view: DataView, tables: number) {
    this.#view = view;
    this.#free = tables;
    this.rootPage = this.#table() / PAGE;
  }

  /** Writes what `page` is mapped by, a signed virtual address: 0 for nothing. */
  map(page: number, address: number, bits: number): void {
    this.#view.setBigUint64(this.#leaf(page), bits === 0 ? 0n : (BigInt(address / PAGE) << 10n) | BigInt(bits), true);
  }

  /** The bits of what `page` is mapped by. */
  bits(page: number): number {
    return Number(this.#view.getBigUint64(this.#leaf(page), true) & 0x3ffn);
  }

  /** Offset of the leaf in the guest's RAM, made where there is none. */
  #leaf(page: number): number {
    let table = this.rootPage;
    for (const shift of SHIFTS.slice(0, -1)) {
      const entry = this.#entry(table, page, shift);
      if (this.#view.getBigUint64(entry, true) === 0n) this.#view.setBigUint64(entry, (BigInt(this.#table() / PAGE) << 10n) | POINTER, true);
      table = Number(this.#view.getBigUint64(entry, true) >> 10n);
    }
    return this.#entry(table, page, SHIFTS[2]);
  }

  #entry(table: number, page: number, shift: number): number {
    return table * PAGE - RAM_BASE + ENTRY_BYTES * (Math.floor(page / 2 ** shift) & 0x1ff);
  }

  #table(): number {
    const at = this.#free;
    this.#free += PAGE;
    new Uint8Array(this.#view.buffer, this.#view.byteOffset + at - RAM_BASE, PAGE).fill(0);
    return at;
  }
}
