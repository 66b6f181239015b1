// Harts that wait for others to write a word. They spin on copies of its line, at no cost to anybody, until somebody writes
// it; then all read it again, and with k of them the one that may go on waits for k/2 on average: a lock is handed over in
// a time that grows by c/2 with each waiter, c being one transfer (Boyd-Wickizer, Kaashoek, Morris, Zeldovich: Non-scalable
// locks are dangerous, 2012: s + ck/2). Who tries to exchange it instead comes for the line again and again.

import type { PhysicalAddress } from "../address.ts";
import { lineOf, type Lines } from "./lines.ts";

export interface ExchangeWait {
  readonly address: PhysicalAddress;
  readonly value: number;
  readonly wanted: number;
  readonly longest: number;
  readonly since: number;
  /** Pauses before the next attempt. */
  pauses: number;
}

/** A word that a hart has waited for: when it has read what, and since when it waited. */
export interface Found {
  readonly core: number;
  readonly at: number;
  readonly address: PhysicalAddress;
  readonly value: number;
  readonly since: number;
}

const NO_LINE = -1;

/** Harts that wait for words. Looked through at every write of a line that is watched: so by column, not by hart. */
export class Waiters {
  readonly #lines: Lines;
  /** By core: the line and the word that it waits for, and the value that it waits for or, with `unless`, waits to change. */
  readonly #line: Int32Array;
  readonly #address: Int32Array;
  readonly #value: Int32Array;
  readonly #unless: Uint8Array;
  readonly #since: Float64Array;
  /** Harts that wait, by line. */
  readonly #watched: Uint8Array;

  constructor(ramLines: number, harts: number, lines: Lines) {
    this.#lines = lines;
    this.#line = new Int32Array(harts).fill(NO_LINE);
    this.#address = new Int32Array(harts);
    this.#value = new Int32Array(harts);
    this.#unless = new Uint8Array(harts);
    this.#since = new Float64Array(harts);
    this.#watched = new Uint8Array(ramLines);
  }

  /** With `unless`: until the word is anything but `value`. */
  add(core: number, address: PhysicalAddress, value: number, unless: boolean, since: number): void {
    const line = lineOf(address);
    this.#line[core] = line;
    this.#address[core] = address | 0;
    this.#value[core] = value;
    this.#unless[core] = unless ? 1 : 0;
    this.#since[core] = since;
    this.#watched[line]++;
  }

  isWatched(address: PhysicalAddress): boolean {
    return this.#watched[lineOf(address)] !== 0;
  }

  /**
   * Core `writer` has written the line of `address`, which was done at `at`: all that wait for it read it again, in `i32`.
   * Whoever's wait is over, `wake`, has it when half of the others have, which are served in no particular order; what the
   * rest read later delays nobody. `offset`: index in `i32` of a word at an address.
   */
  written(writer: number, address: PhysicalAddress, at: number, i32: Int32Array, offset: (address: PhysicalAddress) => number, wake: (found: Found) => void): void {
    const line = lineOf(address);
    const waitsFor = this.#line;
    const all = this.#lines.shareAll(waitsFor, line);
    const harts = waitsFor.length;
    // Most wait for the same word.
    let word = 0;
    let value = 0;
    for (let core = writer + 1 === harts ? 0 : writer + 1; core !== writer; core = core + 1 === harts ? 0 : core + 1) {
      if (waitsFor[core] !== line) continue;
      if (this.#address[core] !== word) {
        word = this.#address[core];
        value = i32[offset(word as PhysicalAddress)];
      }
      if ((value === this.#value[core]) === (this.#unless[core] === 1)) continue;
      waitsFor[core] = NO_LINE;
      this.#watched[line]--;
      const own = this.#lines.distance(core, line);
      const since = this.#since[core];
      const read = Math.max(at, since) + own + ((all - own) >> 1);
      this.#lines.serve(line, read);
      wake({ core, at: read, address: word as PhysicalAddress, value, since });
    }
  }

  /** What a hart waits for, for people. */
  wait(core: number): string | undefined {
    if (this.#line[core] === NO_LINE) return undefined;
    return `the word at 0x${(this.#address[core] >>> 0).toString(16)} to ${this.#unless[core] === 1 ? "change from" : "be"} ${this.#value[core]}`;
  }
}
