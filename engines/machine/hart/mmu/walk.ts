// The page-table walk (RISC-V Privileged, "Virtual Address Translation Process"). Where there is a second stage, each
// address that the walk comes upon is a guest's physical one: the regions say what it means, and whether.

import { HART, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../../layout.ts";
import { BANK, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "../csr-slots.ts";
import { CAUSE, PRIVILEGE, STATUS } from "../privileged.ts";
import type { HartState } from "../state.ts";
import {
  ATP_PAGE_HIGH, LEVEL_BITS, LEVELS, PAGE_BYTES, PAGE_OFFSET, PAGE_SHIFT, PTE, PTE_BYTES, PTE_PAGE_HIGH,
  PTE_PAGE_HIGH_UNIT, PTE_PAGE_SHIFT, PTE_RESERVED_HIGH,
} from "./sv39.ts";

const PRIVILEGE_WORD = HART.privilege >> 2;
const REGION_COUNT = HART.regionCount >> 2;
const REGIONS = HART.regions >> 2;
const REGION_WORDS = REGION_BYTES >> 2;
const RAM_LIMIT = HART.ramLimit >> 2;
const RAM_OFFSET = HART.ramOffset >> 2;
const RAM_RIGHTS = RIGHT.read | RIGHT.write | RIGHT.execute;
const S_STATUS = SUPERVISOR_BANK + BANK.status;
const HIGH_UNIT = 0x1_0000_0000;
const PERMISSIONS = PTE.R | PTE.W | PTE.X;

/** Whether a walk may set A and D: a look-ahead must not (D is never set speculatively). */
export type WalkKind = "access" | "look-ahead";

export class Walker {
  // ---- what the last successful walk found ----------------------------------------------------------
  /** The (guest-)physical page, as a number. */
  page = 0;
  /** RIGHT bits that the leaf gives in this privilege; write only if D is set. */
  rights = 0;
  /** The leaf is a user page. */
  user = false;
  /** The leaf is a superpage. */
  large = false;
  // ---- what the last failed walk found --------------------------------------------------------------
  cause = 0;
  /** The guest physical address that failed, for guest-page faults: page and offset. */
  failedPage = 0;
  failedOffset = 0;

  readonly #state: HartState;
  readonly #i32: Int32Array;
  readonly #i64: BigInt64Array;

  constructor(state: HartState) {
    this.#state = state;
    this.#i32 = state.i32;
    this.#i64 = new BigInt64Array(state.memory.wasm.buffer);
  }

  /** Translates the virtual address for an access that needs `right`. False: `cause` says why. */
  walk(low: number, high: number, right: number, kind: WalkKind): boolean {
    // Bits 63:39 must equal bit 38.
    if ((high << 25) >> 25 !== high) return this.#pageFault(right);
    while (!this.#attempt(low, high, right, kind)) {
      if (this.cause !== AGAIN) return false;
    }
    return true;
  }

  /** Notes that the (guest-)physical address found is not there, or not for this access. */
  failAt(page: number, offset: number, right: number): void {
    this.failedPage = page;
    this.failedOffset = offset;
    this.cause = this.#state.hypervisor ? GUEST_PAGE[right] : ACCESS[right];
  }

  #attempt(low: number, high: number, right: number, kind: WalkKind): boolean {
    const { block, hypervisor } = this.#state;
    const bank = hypervisor ? VIRTUAL_SUPERVISOR_BANK : SUPERVISOR_BANK;
    let table = (block[bank + BANK.atp + 1] & ATP_PAGE_HIGH) * HIGH_UNIT + (block[bank + BANK.atp] >>> 0);
    for (let level = LEVELS - 1; level >= 0; level--) {
      const index = level === 2 ? ((high & 0x7f) << 2) | (low >>> 30) : (low >>> (PAGE_SHIFT + level * LEVEL_BITS)) & 0x1ff;
      const host = hostPage(this.#state, table, RIGHT.read);
      if (host < 0) {
        this.failAt(table, index * PTE_BYTES, right);
        return false;
      }
      const word = (host + index * PTE_BYTES) >>> 2;
      const pte = Atomics.load(this.#i32, word);
      const pteHigh = this.#i32[word + 1];
      if (Atomics.load(this.#i32, word) !== pte) return this.#again();
      if ((pte & PTE.V) === 0 || (pteHigh & PTE_RESERVED_HIGH) !== 0) return this.#pageFault(right);
      const page = (pteHigh & PTE_PAGE_HIGH) * PTE_PAGE_HIGH_UNIT + (pte >>> PTE_PAGE_SHIFT);
      if ((pte & PERMISSIONS) !== 0) return this.#leaf(low, right, kind, level, page, pte, pteHigh, word, table, index);
      // A, D and U are reserved in a pointer to the next level.
      if ((pte & (PTE.A | PTE.D | PTE.U)) !== 0) return this.#pageFault(right);
      table = page;
    }
    return this.#pageFault(right);
  }

  #leaf(
    low: number, right: number, kind: WalkKind, level: number, page: number, pte: number, pteHigh: number,
    word: number, table: number, index: number,
  ): boolean {
    // Writable and not readable is reserved.
    if ((pte & PTE.W) !== 0 && (pte & PTE.R) === 0) return this.#pageFault(right);
    const within = level === 0 ? 0 : (low >>> PAGE_SHIFT) & ((1 << (level * LEVEL_BITS)) - 1);
    // The low bits of a superpage's number must be zero.
    if (level !== 0 && page % (1 << (level * LEVEL_BITS)) !== 0) return this.#pageFault(right);
    const allowed = this.#allowed(pte);
    if ((allowed & right) === 0) return this.#pageFault(right);
    const needed = right === RIGHT.write ? PTE.A | PTE.D : PTE.A;
    if ((pte & needed) !== needed) {
      if (kind === "look-ahead") return this.#pageFault(right);
      if (hostPage(this.#state, table, RIGHT.read | RIGHT.write) < 0) {
        this.failAt(table, index * PTE_BYTES, right);
        return false;
      }
      if (!this.#set(word, pte, pteHigh, needed)) return this.#again();
    }
    this.page = page + within;
    this.rights = ((pte | needed) & PTE.D) === 0 ? allowed & ~RIGHT.write : allowed;
    this.user = (pte & PTE.U) !== 0;
    this.large = level !== 0;
    return true;
  }

  /** RIGHT bits by R, W, X, U, the privilege, SUM and MXR. */
  #allowed(pte: number): number {
    const { block, hypervisor } = this.#state;
    const user = block[PRIVILEGE_WORD] === PRIVILEGE.user;
    const status = block[hypervisor ? VIRTUAL_SUPERVISOR_BANK + BANK.status : S_STATUS];
    // MXR of HS-mode makes executable pages readable at both stages.
    const readable = PTE.R | (((status | (hypervisor ? block[S_STATUS] : 0)) & STATUS.MXR) === 0 ? 0 : PTE.X);
    let allowed = ((pte & readable) === 0 ? 0 : RIGHT.read) | ((pte & PTE.W) === 0 ? 0 : RIGHT.write)
      | ((pte & PTE.X) === 0 ? 0 : RIGHT.execute);
    if (user !== ((pte & PTE.U) !== 0)) {
      // Supervisors reach user pages with SUM, and never execute them.
      allowed = user || (status & STATUS.SUM) === 0 ? 0 : allowed & ~RIGHT.execute;
    }
    return allowed;
  }

  /** Sets A and D by compare-exchange of the whole entry. False: the entry has changed. */
  #set(word: number, pte: number, pteHigh: number, bits: number): boolean {
    const before = (BigInt(pteHigh) << 32n) | BigInt(pte >>> 0);
    return Atomics.compareExchange(this.#i64, word >>> 1, before, before | BigInt(bits)) === before;
  }

  #again(): boolean {
    this.cause = AGAIN;
    return false;
  }

  #pageFault(right: number): boolean {
    this.cause = PAGE[right];
    return false;
  }
}

/** Not a cause: the entry changed under the walk's eyes. */
const AGAIN = -1;

/** Causes by RIGHT. */
const PAGE: readonly number[] = byRight(CAUSE.loadPage, CAUSE.storePage, CAUSE.instructionPage);
const ACCESS: readonly number[] = byRight(CAUSE.loadAccess, CAUSE.storeAccess, CAUSE.instructionAccess);
const GUEST_PAGE: readonly number[] = byRight(CAUSE.loadGuestPage, CAUSE.storeGuestPage, CAUSE.instructionGuestPage);

export function isPageFault(cause: number): boolean {
  return PAGE.includes(cause);
}

function byRight(load: number, store: number, fetch: number): number[] {
  const causes = new Array<number>(RIGHT.execute + 1).fill(0);
  causes[RIGHT.read] = load;
  causes[RIGHT.write] = store;
  causes[RIGHT.execute] = fetch;
  return causes;
}

/** Host offset of a (guest-)physical page that lies in RAM whole, with all of `rights`; or -1. */
export function hostPage(state: HartState, page: number, rights: number): number {
  const { block } = state;
  const within = page - RAM_BASE / PAGE_BYTES;
  if (within >= 0 && within < (block[RAM_LIMIT + 1] * HIGH_UNIT + (block[RAM_LIMIT] >>> 0) + 8 - PAGE_OFFSET) / PAGE_BYTES) {
    return (block[RAM_OFFSET] >>> 0) + within * PAGE_BYTES;
  }
  const region = regionOf(state, page);
  if (region < 0 || (block[region + (REGION.rights >> 2)] & (rights | RIGHT.device)) !== rights) return -1;
  return (block[region + (REGION.offset >> 2)] >>> 0) + page * PAGE_BYTES - wide(block, region + (REGION.base >> 2));
}

/** RIGHT bits of the second stage (or of physical memory) on a page for which hostPage() answered. */
export function pageRights(state: HartState, page: number): number {
  const region = regionOf(state, page);
  return region < 0 ? RAM_RIGHTS : state.block[region + (REGION.rights >> 2)];
}

/** First word of the region in which the page lies whole, or -1. */
function regionOf(state: HartState, page: number): number {
  const { block } = state;
  const address = page * PAGE_BYTES;
  const end = REGIONS + block[REGION_COUNT] * REGION_WORDS;
  for (let region = REGIONS; region < end; region += REGION_WORDS) {
    const within = address - wide(block, region + (REGION.base >> 2));
    if (within >= 0 && within + PAGE_BYTES <= wide(block, region + (REGION.bytes >> 2))) return region;
  }
  return -1;
}

function wide(block: Int32Array, word: number): number {
  return (block[word + 1] >>> 0) * HIGH_UNIT + (block[word] >>> 0);
}
