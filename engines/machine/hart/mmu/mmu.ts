// The first stage of address translation of one hart: which page tables are in force, and what is cached of them.

import { HART, RIGHT, TLB } from "../../layout.ts";
import { BANK, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "../csr-slots.ts";
import { STATUS } from "../privileged.ts";
import type { HartState } from "../state.ts";
import type { PagedSpace, PagedSpaces } from "./paged-spaces.ts";
import { PAGE_BYTES, PAGE_OFFSET } from "./sv39.ts";
import { TranslationCache } from "./tlb.ts";
import { hostPage, isPageFault, pageRights, Walker, type WalkKind } from "./walk.ts";

const PAGED = HART.paged >> 2;
const SPACE = HART.space >> 2;
const TLB_WORD = HART.tlb >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const OUTSIDE = HART.outside >> 2;

export class MemoryManagementUnit {
  readonly walker: Walker;
  readonly tlb: TranslationCache;
  readonly #state: HartState;
  readonly #spaces: PagedSpaces;
  readonly #bank: number;
  /** What the TLB and HART.space stand for. */
  #base = -1;
  #rootLow = 0;
  #rootHigh = 0;
  #space: PagedSpace | null = null;
  /** The spaces of these tables, by privilege, as far as they are known. */
  readonly #known: (PagedSpace | null)[] = [null, null];

  constructor(state: HartState, spaces: PagedSpaces) {
    this.#state = state;
    this.#spaces = spaces;
    this.#bank = state.hypervisor ? VIRTUAL_SUPERVISOR_BANK : SUPERVISOR_BANK;
    this.walker = new Walker(state);
    this.tlb = new TranslationCache(state.block);
  }

  /** Puts in force what satp (or vsatp), the privilege and the second stage now say. Cheap if nothing has changed. */
  select(): void {
    const { block } = this.#state;
    const rootLow = block[this.#bank + BANK.atp];
    const rootHigh = block[this.#bank + BANK.atp + 1];
    if (rootHigh === 0) {
      if (block[PAGED] !== 0) this.#selectBare();
      return;
    }
    const base = this.#baseSpace();
    const privilege = block[PRIVILEGE_WORD];
    const sameTables = rootLow === this.#rootLow && rootHigh === this.#rootHigh && base === this.#base;
    if (!sameTables) {
      this.tlb.flush();
      this.#rootLow = rootLow;
      this.#rootHigh = rootHigh;
      this.#base = base;
      this.#known.fill(null);
      // Code of the space that was left must not be gone on with, whoever changed the tables.
      this.#state.switched = true;
    }
    const space = this.#known[privilege] ?? this.#spaces.of(base, rootLow, rootHigh, privilege, this.#state.flusher);
    this.#known[privilege] = space;
    this.#space = space;
    block[SPACE] = space.number;
    block[PAGED] = 1;
    block[TLB_WORD] = this.#state.base + HART.tlbs + privilege * TLB.bytes;
    this.#revalidate(space);
  }

  /** sfence.vma by the guest, and all that must have its effect: for the page of one address, or for everything.
   *  Answers whether code was dropped, so that the caller must not return to it. */
  fence(low: number | null): boolean {
    if (low === null) this.tlb.flush();
    else this.tlb.drop(low);
    this.#spaces.age++;
    return this.#state.block[PAGED] !== 0 && this.#space !== null && this.#revalidate(this.#space);
  }

  /** A guest's context was loaded: whatever it was translated by here may have changed while it was elsewhere. */
  forget(): void {
    this.tlb.flush();
    this.#spaces.age++;
  }

  /** SUM or MXR of a status register in force was cleared. */
  restrict(cleared: number): void {
    if ((cleared & STATUS.MXR) !== 0) this.tlb.flush();
    else this.tlb.dropUserPages();
  }

  /** Host offset of the plain RAM that an access to the virtual address reaches, which lies within a page; or -1. */
  access(low: number, high: number, bytes: number, right: number): number {
    return (low & PAGE_OFFSET) + bytes > PAGE_BYTES ? -1 : this.#locate(low, high, right, "access");
  }

  /** The same for accesses that have not happened yet, anywhere in a range of up to a page. */
  lookAhead(low: number, high: number, bytes: number, right: number): number {
    const first = this.#locate(low, high, right, "look-ahead");
    const end = (low + bytes - 1) | 0;
    if (first >= 0 && ((low ^ end) & ~PAGE_OFFSET) === 0) return first;
    if (first >= 0) {
      // Two pages will do if they are neighbours in memory too.
      const second = this.#locate(end, end >>> 0 < low >>> 0 ? (high + 1) | 0 : high, right, "look-ahead");
      if (second === first + bytes - 1) return first;
      if (second >= 0) this.#state.block[OUTSIDE] = 1;
    } else if (!isPageFault(this.walker.cause)) {
      // Page faults come and go; what is no plain RAM stays so.
      this.#state.block[OUTSIDE] = 1;
    }
    return -1;
  }

  /** Host offset of the instruction bytes at a virtual address; or -1. */
  fetch(low: number, high: number, kind: WalkKind): number {
    return this.#locate(low, high, RIGHT.execute, kind);
  }

  #locate(low: number, high: number, right: number, kind: WalkKind): number {
    const { walker } = this;
    if (!walker.walk(low, high, right, kind)) return -1;
    const state = this.#state;
    const host = hostPage(state, walker.page, right);
    const offset = low & PAGE_OFFSET;
    if (host < 0) {
      walker.failAt(walker.page, offset, right);
      return -1;
    }
    const rights = walker.rights & pageRights(state, walker.page);
    this.tlb.fill(state.block[PRIVILEGE_WORD], low, high, host, rights, walker.large, walker.user);
    return host + offset;
  }

  #selectBare(): void {
    const { block } = this.#state;
    block[PAGED] = 0;
    block[SPACE] = this.#baseSpace();
  }

  #baseSpace(): number {
    return this.#state.hypervisor ? this.#state.space : 0;
  }

  #revalidate(space: PagedSpace): boolean {
    const { age } = this.#spaces;
    if (space.age === age) return false;
    space.age = age;
    return this.#state.flusher.revalidate(this.#state.base);
  }
}
