// One core's clock, and what it pays for its loads and stores.

import type { PhysicalAddress } from "../address.ts";
import type { CostModel } from "./cost-model.ts";
import { lineOf, type Lines } from "./lines.ts";
import { SUSPENSION } from "./recording.ts";

const WORD_BYTES = 8;

/** What a core must know of the others to keep to the order of cycles. */
export interface Turn {
  /** The earliest cycle at which another hart may act. */
  horizon: number;
}

export class CoreTiming {
  readonly core: number;
  /** The core's clock. */
  now = 0;
  /** Of which it had nothing to do, and waited for words that other cores write. */
  idle = 0;
  waited = 0;
  /** Of which programs of the engine's ran in user mode, and of which it crossed between them and the kernel. */
  user = 0;
  crossing = 0;
  readonly #lines: Lines;
  readonly #turn: Turn;
  readonly #hit: number;
  readonly #atomic: number;
  /** When the last of its plain stores is done. */
  #stored = 0;

  constructor(core: number, lines: Lines, turn: Turn, model: CostModel) {
    this.core = core;
    this.#lines = lines;
    this.#turn = turn;
    this.#hit = model.costs.cacheHit;
    this.#atomic = model.costs.atomic;
  }

  charge(cycles: number): void {
    this.now += cycles;
  }

  load(address: PhysicalAddress): void {
    this.now = this.#lines.read(this.core, lineOf(address), this.now);
  }

  /** Goes into the store buffer, which has room for every one, while the core goes on. */
  store(address: PhysicalAddress): void {
    this.#stored = Math.max(this.#stored, this.#lines.write(this.core, lineOf(address), this.now));
    this.now += this.#hit;
  }

  /** When others see all that it has stored. */
  seen(): number {
    return Math.max(this.now, this.#stored);
  }

  /** Waits for that: atomic stores and read-modify-writes do, and what tells others to look. */
  drain(): void {
    this.now = this.seen();
  }

  /** A load that others race: unless this core holds the line, it waits for its turn. */
  loadInTurn(address: PhysicalAddress): void {
    const line = lineOf(address);
    if (!this.#lines.reads(this.core, line)) this.awaitTurn();
    this.now = this.#lines.read(this.core, line, this.now);
  }

  /** A store that others race waits for its turn, even in a line that this core holds: it may be about to lose it. */
  storeInTurn(address: PhysicalAddress): void {
    this.drain();
    this.awaitTurn();
    this.now = this.#lines.write(this.core, lineOf(address), this.now);
  }

  /** The same for an atomic read-modify-write. */
  modifyInTurn(address: PhysicalAddress): void {
    this.storeInTurn(address);
    this.now += this.#atomic;
  }

  /** Loads or stores all of [address, address + bytes), too much for the store buffer: once a line is here, a word of it each cycle. */
  range(address: PhysicalAddress, bytes: number, stores: boolean): void {
    const first = lineOf(address);
    const last = lineOf(((address | 0) + Math.max(bytes, 1) - 1) as PhysicalAddress);
    for (let line = first; line <= last; line++) {
      this.now = stores ? this.#lines.write(this.core, line, this.now) : this.#lines.read(this.core, line, this.now);
    }
    this.now += Math.ceil(bytes / WORD_BYTES);
  }

  /** Nobody acts before this core's clock any more when this returns; until then its engine is suspended. */
  awaitTurn(): void {
    if (this.now > this.#turn.horizon) throw SUSPENSION;
  }
}

