// Random Sv39 page tables over a few pages of memory, for programs that run under them. The layout is written down
// here a second time, from the specification (Volume II, "Sv39").

import type { Random } from "./random.ts";

const PAGE = 0x1000;
export const PAGE_BYTES = PAGE;
const ENTRIES = 512;

export const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, G: 32n, A: 64n, D: 128n } as const;
const ALL = PTE.V | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D;
const POINTER = PTE.V;

// ---- physical layout: everything a program changes lies in [STATE, STATE + STATE_BYTES) --------------------
export const STATE = 0x8080_0000;
export const STATE_BYTES = 0x30_0000;
const TABLES = STATE;
const MAXIMUM_TABLES = 32;
/** Pages that arenas map: data and code, 16 of them. */
export const PAGES = STATE + 0x2_0000;
export const PAGE_COUNT = 16;
/** Superpages of arenas lie here. */
const LARGE = STATE + 0x20_0000;
const IDENTITY = [0x8020_0000, 0x8040_0000, 0x8080_0000, 0x80a0_0000] as const;

// ---- virtual layout -------------------------------------------------------------------------------------------
/** Where users find the program's code, above its own address. */
export const USER_ALIAS = 0x1000_0000;
/** Arenas: first addresses of pages mapped at random, 16 each. One lies below 2^38, one above. */
export const ARENAS = [0x10_0000_0000n, 0x10_0020_0000n, -0x20_0000_0000n] as const;
/** First addresses of superpages. */
export const LARGE_ADDRESSES = [0x10_0040_0000n, 0x10_0060_0000n, 0x20_00a0_0000n] as const;
/** No address at all, or no way there. */
export const HOLES = [0x10_0080_0000n, 0x10_00a0_0000n, 0x30_0000_0000n, 0x40_0000_0000n, 1n << 62n, -(1n << 62n)] as const;

/** A place in the tables that holds a leaf of an arena. */
export interface Slot {
  readonly address: number;
  readonly virtual: bigint;
}

export class PageTables {
  readonly bytes = new Uint8Array(MAXIMUM_TABLES * PAGE);
  /** Values of satp. */
  readonly roots: readonly bigint[];
  /** By root. */
  readonly slots: readonly (readonly Slot[])[];
  readonly #view = new DataView(this.bytes.buffer);
  #used = 0;

  constructor(random: Random, roots: number) {
    const built = Array.from({ length: roots }, (_, root) => this.#space(random, root));
    this.roots = built.map(({ root }) => (8n << 60n) | BigInt(root / PAGE));
    this.slots = built.map(({ slots }) => slots);
  }

  #space(random: Random, number: number): { readonly root: number; readonly slots: readonly Slot[] } {
    const root = this.#table();
    const slots: Slot[] = [];
    const identity = this.#table();
    this.#set(root, 2, pointer(identity));
    for (const base of IDENTITY) {
      const code = base < STATE;
      // One of the spaces maps the program by small pages.
      if (number === 0 && code) this.#pages(identity, base);
      else this.#set(identity, (base >>> 21) & 511, leaf(base, ALL));
      if (code) this.#set(identity, ((base + USER_ALIAS) >>> 21) & 511, leaf(base, (ALL & ~PTE.W) | PTE.U));
    }
    const low = this.#table();
    this.#set(root, Number(ARENAS[0] >> 30n), pointer(low));
    slots.push(...this.#arena(random, low, ARENAS[0]), ...this.#arena(random, low, ARENAS[1]));
    this.#set(low, 2, leaf(LARGE, flags(random)));
    this.#set(low, 3, leaf(LARGE, flags(random)));
    this.#set(low, 4, leaf(LARGE + PAGE, ALL)); // misaligned
    this.#set(low, 5, pointer(LARGE) | PTE.A | (random.chance(1, 2) ? PTE.U : PTE.D)); // reserved in a pointer
    this.#set(root, Number(LARGE_ADDRESSES[2] >> 30n), leaf(0x8000_0000, random.chance(1, 2) ? ALL : ALL | PTE.U));
    const high = this.#table();
    this.#set(root, Number((ARENAS[2] >> 30n) & 511n), pointer(high));
    slots.push(...this.#arena(random, high, ARENAS[2]));
    return { root, slots };
  }

  #pages(identity: number, base: number): void {
    const table = this.#table();
    this.#set(identity, (base >>> 21) & 511, pointer(table));
    for (let page = 0; page < ENTRIES; page++) this.#set(table, page, leaf(base + page * PAGE, ALL));
  }

  #arena(random: Random, above: number, virtual: bigint): Slot[] {
    const table = this.#table();
    this.#set(above, Number((virtual >> 21n) & 511n), pointer(table));
    let before = randomLeaf(random);
    return Array.from({ length: PAGE_COUNT }, (_, page) => {
      before = random.chance(1, 2) ? neighbourOf(before) : randomLeaf(random);
      this.#set(table, page, before);
      return { address: table + page * 8, virtual: virtual + BigInt(page * PAGE) };
    });
  }

  #table(): number {
    if (this.#used === MAXIMUM_TABLES) throw new RangeError("too many page tables");
    return TABLES + PAGE * this.#used++;
  }

  #set(table: number, index: number, entry: bigint): void {
    this.#view.setBigUint64(table - TABLES + index * 8, BigInt.asUintN(64, entry), true);
  }
}

function pointer(table: number): bigint {
  return (BigInt(table / PAGE) << 10n) | POINTER;
}

function leaf(address: number, bits: bigint): bigint {
  return (BigInt(address / PAGE) << 10n) | bits;
}

/** A leaf for one of the pages, most of them good for something. Pages are written or executed, never both: what runs
 *  is known to end. */
export function randomLeaf(random: Random): bigint {
  const bits = flags(random);
  const writable = (bits & PTE.W) !== 0n;
  const half = PAGE_COUNT / 2;
  const page = writable ? random.between(0, half - 1) : (bits & PTE.X) === 0n ? random.between(0, PAGE_COUNT - 1) : random.between(half, PAGE_COUNT - 1);
  const entry = leaf(PAGES + page * PAGE, writable ? bits & ~PTE.X : bits);
  return random.chance(1, 20) ? entry | (1n << BigInt(random.between(54, 63))) : entry;
}

/** A leaf with the same flags for the page behind, unless the pages of its kind end there. */
function neighbourOf(entry: bigint): bigint {
  const number = ((entry >> 10n) & 0xfff_ffff_ffffn) - BigInt(PAGES / PAGE);
  return number === BigInt(PAGE_COUNT / 2 - 1) || number === BigInt(PAGE_COUNT - 1) ? entry : entry + (1n << 10n);
}

function flags(random: Random): bigint {
  if (random.chance(1, 12)) return BigInt(random.between(0, 255));
  const rights = random.pick([PTE.R, PTE.R | PTE.W, PTE.R | PTE.W, PTE.X, PTE.R | PTE.X, PTE.R | PTE.W | PTE.X, PTE.R | PTE.W | PTE.X]);
  return PTE.V | rights | (random.chance(1, 2) ? PTE.U : 0n) | (BigInt(random.between(0, 7)) << 5n);
}
