// The hart's cache of translations: two direct-mapped tables in its block, one for each privilege a guest runs at, as
// generated code looks them up. Whatever changes what an entry stands for drops it.

import { HART, REMEMBERED, RIGHT, TLB } from "../../layout.ts";
import { PRIVILEGE } from "../privileged.ts";
import { PAGE_SHIFT } from "./sv39.ts";

const TABLES = HART.tlbs >> 2;
const TABLE_WORDS = TLB.bytes >> 2;
const ENTRY_WORDS = TLB.entryBytes >> 2;
const WORDS = (TLB.privileges * TLB.bytes) >> 2;
const PAGE_LOW = -1 << PAGE_SHIFT;
/** Entries filled since the last flush, beyond which a flush clears all. */
const LENGTHS = (HART.rememberedPages + REMEMBERED.length) >> 2;
const REMEMBERED_WORDS = (REMEMBERED.entries * REMEMBERED.entryBytes) >> 2;
const LOGGED = 128;
const USER_LOGGED = 32;

export class TranslationCache {
  readonly #block: Int32Array;
  /** First words of the entries filled since the last flush. */
  readonly #filled = new Uint32Array(LOGGED);
  #fills = 0;
  /** Some entry came from a superpage. */
  #large = false;
  /** The supervisor's entries for user pages, which hold only with SUM. */
  readonly #user = new Uint32Array(USER_LOGGED);
  #users = 0;

  constructor(block: Int32Array) {
    this.#block = block;
  }

  /** The block is all zeros, which are no empty tables. */
  reset(): void {
    this.#fills = LOGGED + 1;
    this.flush();
  }

  /** Host offset of the first table, for a privilege, is HART.tlbs + TLB.bytes * privilege. */
  fill(privilege: number, low: number, high: number, hostPage: number, rights: number, large: boolean, user: boolean): void {
    const block = this.#block;
    const page = low & PAGE_LOW;
    const entry = entryOf(privilege, low);
    this.#clear(entry);
    if ((rights & RIGHT.read) !== 0) setTag(block, entry + (TLB.read >> 2), page, high);
    if ((rights & RIGHT.write) !== 0) setTag(block, entry + (TLB.write >> 2), page, high);
    if ((rights & RIGHT.execute) !== 0) setTag(block, entry + (TLB.execute >> 2), page, high);
    block[entry + (TLB.addend >> 2)] = hostPage - page;
    if (this.#fills < LOGGED) this.#filled[this.#fills] = entry;
    this.#fills++;
    if (large) this.#large = true;
    if (!user || privilege === PRIVILEGE.user) return;
    if (this.#users < USER_LOGGED) this.#user[this.#users] = entry;
    this.#users++;
  }

  /** Drops the supervisor's entries for user pages. */
  dropUserPages(): void {
    if (this.#users === 0) return;
    if (this.#users > USER_LOGGED) return this.flush();
    this.#forget();
    for (let index = 0; index < this.#users; index++) this.#clear(this.#user[index]);
    this.#users = 0;
  }

  /** Drops every entry. */
  flush(): void {
    this.#forget();
    const fills = this.#fills;
    if (fills === 0) return;
    if (fills <= LOGGED) for (let index = 0; index < fills; index++) this.#clear(this.#filled[index]);
    else for (let entry = TABLES; entry < TABLES + WORDS; entry += ENTRY_WORDS) this.#clear(entry);
    this.#fills = 0;
    this.#users = 0;
    this.#large = false;
  }

  /** Drops what may have come from the leaf that maps an address. */
  drop(low: number): void {
    if (this.#large) return this.flush();
    this.#forget();
    for (let privilege = 0; privilege < TLB.privileges; privilege++) this.#clear(entryOf(privilege, low));
  }

  /** What translated code remembers came from the TLB: nothing was remembered while nothing has been filled. */
  #forget(): void {
    if (this.#fills === 0) return;
    const block = this.#block;
    for (let entry = LENGTHS; entry < LENGTHS + REMEMBERED_WORDS; entry += REMEMBERED.entryBytes >> 2) {
      block[entry] = 0;
    }
  }

  #clear(entry: number): void {
    const block = this.#block;
    // A page that falls into the neighbouring entry is never looked for in this one.
    const never = ((entry / ENTRY_WORDS) & 1) === 0 ? 1 << PAGE_SHIFT : 0;
    for (const tag of TAGS) {
      block[entry + tag] = never;
      block[entry + tag + 1] = 0;
    }
  }
}

const TAGS = [TLB.read >> 2, TLB.write >> 2, TLB.execute >> 2] as const;

function setTag(block: Int32Array, word: number, low: number, high: number): void {
  block[word] = low;
  block[word + 1] = high;
}

/** First word of the entry for an address. */
function entryOf(privilege: number, low: number): number {
  return TABLES + privilege * TABLE_WORDS + ((low >>> PAGE_SHIFT) & (TLB.entries - 1)) * ENTRY_WORDS;
}
