// What a guest can change on an engine, found by trying: every page of the physical memory by its address, and every register of
// the board. The guest carries out orders; what came of each is seen in the machine, and put back at once, so that the next finds
// the engine alive. A machine that does not survive an order is booted anew.

import type { EngineDescription } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../../engines/machine/layout.ts";
import { type Order, ORDERS, REACHER } from "../../workloads/reach.ts";
import { ModelSession } from "../model/session.ts";
import type { IsolationCase } from "./cases.ts";
import { type Register, REGISTER_KINDS, type RegisterKind, registersOf, type State } from "./registers.ts";

export const PAGE_BYTES = 4096;
/** Whose memory. `rest`: what is left, which an engine may use too. */
export const OWNERS = ["own", "guests", "engine", "rest"] as const;
export type Owner = (typeof OWNERS)[number];

/** By then all guests are at work, on all engines. */
const READY = 8_000_000;
/** Cycles between two looks at the machine while an order is carried out, and looks until the guest counts as lost: several turns of others. */
const STEP = 50;
const PATIENCE = 200_000;
/** Long enough that no register of the guest's is anywhere any more with what it wrote. */
const SETTLE = 5_000_000;

/** No memory has it by chance: "reac", and the number of the page. */
const TAG = 0x6361_6572;
const CSR_ORDER = 0n;

export interface Reached {
  /** Pages that there are, and those with a word that the guest changed. */
  readonly pages: Readonly<Record<Owner, { readonly all: number; readonly reached: number }>>;
  readonly registers: readonly { readonly kind: RegisterKind; readonly all: number; readonly reached: number }[];
  /** Orders that the guest, or the machine, did not survive. */
  readonly lost: number;
}

type CreateEngine = Pick<EngineDescription, "mode" | "create">;

/** `engine`: another than the case names. */
export function reach(reachCase: IsolationCase, costs: CostModel, engine?: CreateEngine): Reached {
  return new Reacher(reachCase, costs, engine).all();
}

class Reacher {
  readonly #case: IsolationCase;
  readonly #boot: () => ModelSession;
  #session: ModelSession;
  #words: Int32Array;
  #hardware: Int32Array;
  /** Of the orders and of the guest's memory, from the first byte of RAM. */
  #orders = 0;
  #own = 0;
  #number = 0n;
  #lost = 0;
  /** Pages. */
  readonly #reached = new Set<number>();

  constructor(reachCase: IsolationCase, costs: CostModel, engine?: CreateEngine) {
    this.#case = reachCase;
    this.#boot = () => new ModelSession(reachCase, costs, undefined, engine);
    [this.#session, this.#words, this.#hardware] = this.#start();
  }

  all(): Reached {
    const registers = registersOf(this.#case.harts);
    const changed = registers.filter((register) => this.#reachesRegister(register));
    const owners = this.#owners();
    // The engine's memory, which comes first, last: what can destroy the machine.
    for (let page = owners.length - 1; page >= 0; page--) this.#tryPage(page);
    this.#findStray();
    const count = (owner: Owner) => ({
      all: owners.filter((one) => one === owner).length,
      reached: owners.filter((one, page) => one === owner && this.#reached.has(page)).length,
    });
    const of = (some: readonly Register[], kind: RegisterKind) => some.filter((register) => register.kind === kind).length;
    return {
      pages: { own: count("own"), guests: count("guests"), engine: count("engine"), rest: count("rest") },
      registers: REGISTER_KINDS.map((kind) => ({ kind, all: of(registers, kind), reached: of(changed, kind) })),
      lost: this.#lost,
    };
  }

  /** The machine, booted anew, with all guests at work. */
  #start(): [ModelSession, Int32Array, Int32Array] {
    const session = this.#boot();
    session.run(READY);
    const { unitsPage, memory } = session.report().vms[REACHER];
    if (unitsPage === 0) throw new Error(`the guest that tries is not ready after ${READY} cycles; ${session.whereabouts()}`);
    this.#orders = unitsPage - RAM_BASE + ORDERS.at;
    this.#own = memory - RAM_BASE;
    this.#number = 0n;
    return [session, wordsOf(session.ram()), wordsOf(session.hardware())];
  }

  /** By page. */
  #owners(): Owner[] {
    const owners = Array.from({ length: this.#session.ram().length / PAGE_BYTES }, (_, page): Owner => (page < FIRMWARE_BYTES / PAGE_BYTES ? "engine" : "rest"));
    this.#session.report().vms.forEach(({ memory }, index) => {
      const first = (memory - RAM_BASE) / PAGE_BYTES;
      owners.fill(index === REACHER ? "own" : "guests", first, first + this.#case.configuration.vms[index].memoryBytes / PAGE_BYTES);
    });
    return owners;
  }

  /** The first word of a page by its physical address, which may be one of the guest's own in its address space. */
  #tryPage(page: number): void {
    const at = page * PAGE_BYTES;
    const meant = [...new Set([at, this.#own + at])].filter((place) => place < this.#session.ram().length).map((place) => place >> 2);
    const before = meant.map((word) => [this.#words[word], this.#words[word + 1]] as const);
    const seen = () => meant.forEach((word, index) => {
      if (this.#words[word] !== page || this.#words[word + 1] !== TAG) return;
      this.#reached.add((word << 2) / PAGE_BYTES);
      [this.#words[word], this.#words[word + 1]] = before[index];
    });
    if (!this.#carryOut(8, RAM_BASE + at, BigInt(TAG) << 32n | BigInt(page), seen)) this.#restart();
  }

  /** Words that it has written anywhere else. */
  #findStray(): void {
    this.#carryOut(8, 0, 0n, () => undefined);
    if (!this.#run(SETTLE)) return;
    for (let word = 0; word < this.#words.length; word += 2) {
      if (this.#words[word + 1] === TAG) this.#reached.add(Math.floor((word << 2) / PAGE_BYTES));
    }
  }

  #reachesRegister(register: Register): boolean {
    // Zeros, ones and something else: at least one of them is not what it has.
    return [0n, -1n, BigInt(TAG) << 32n | 1n].some((value) => this.#changes(register, value));
  }

  #changes({ order, where, state, shared }: Register, value: bigint): boolean {
    const before = state.map(({ from, to }) => this.#hardware.slice(from >> 2, to >> 2));
    const written = [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
    let changed = false;
    const seen = () => {
      if (changed) return;
      changed = state.some((one, index) => (
        differs(this.#hardware, one, before[index]) && (shared === undefined || isWritten(this.#hardware, one, written))));
      if (changed) state.forEach((one, index) => { restore(this.#hardware, one, before[index]); });
    };
    if (!this.#carryOut(order, where, value, seen)) this.#restart();
    return changed;
  }

  /** `look`: at what came of it, while it is carried out and after. Answers whether the guest and the machine have survived. */
  #carryOut(order: Order, where: number, value: bigint, look: () => void): boolean {
    const ram = this.#session.ram();
    const view = new DataView(ram.buffer, ram.byteOffset + this.#orders);
    const set = (field: number, word: bigint) => view.setBigUint64(field, BigInt.asUintN(64, word), true);
    set(ORDERS.kind, order === "csr" ? CSR_ORDER : BigInt(order));
    set(ORDERS.where, BigInt(where));
    set(ORDERS.value, value);
    set(ORDERS.number, ++this.#number);
    for (let looks = 0; looks < PATIENCE; looks++) {
      const alive = this.#run(STEP);
      look();
      if (!alive) return false;
      if (view.getBigUint64(ORDERS.done, true) === this.#number) return true;
    }
    return false;
  }

  #run(duration: number): boolean {
    try {
      return this.#session.run(duration).kind === "reached";
    } catch {
      return false;
    }
  }

  #restart(): void {
    this.#lost++;
    [this.#session, this.#words, this.#hardware] = this.#start();
  }
}

const wordsOf = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);

function differs(words: Int32Array, { from, bits }: State, before: Int32Array): boolean {
  return before.some((word, index) => ((words[(from >> 2) + index] ^ word) & bits) !== 0);
}

function restore(words: Int32Array, { from, bits }: State, before: Int32Array): void {
  before.forEach((word, index) => {
    const at = (from >> 2) + index;
    words[at] = (words[at] & ~bits) | (word & bits);
  });
}

const isWritten = (words: Int32Array, { from }: Pick<State, "from">, [low, high]: readonly number[]): boolean => words[from >> 2] === low && words[(from >> 2) + 1] === high;
