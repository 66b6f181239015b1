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

/** Harts that wait for words of one line. */
interface Group {
  /** Their cores: the first `count`, in no particular order; and as a set. */
  readonly cores: Int32Array;
  /** By place in `cores`: the value that it waits for or, with `unless`, waits to change. */
  readonly values: Int32Array;
  readonly unless: Uint8Array;
  count: number;
  readonly set: Int32Array;
  /** The word that all of them wait for, or SEVERAL. */
  word: number;
}

const SEVERAL = 0;
const NOWHERE = -1;
const CORE_SHIFT = 5;
const CORE_MASK = 31;

/** Harts that wait for words, by line: all of a line are looked at whenever it is written. */
export class Waiters {
  readonly #lines: Lines;
  readonly #harts: number;
  /** Of every line that was ever waited for: locks and their nodes. */
  readonly #groups = new Map<number, Group>();
  /** Harts that wait, by line. */
  readonly #watched: Uint8Array;
  /** By core: the word that it waits for, and since when. */
  readonly #address: Int32Array;
  readonly #since: Float64Array;

  constructor(ramLines: number, harts: number, lines: Lines) {
    this.#lines = lines;
    this.#harts = harts;
    this.#watched = new Uint8Array(ramLines);
    this.#address = new Int32Array(harts);
    this.#since = new Float64Array(harts);
  }

  /** With `unless`: until the word is anything but `value`. */
  add(core: number, address: PhysicalAddress, value: number, unless: boolean, since: number): void {
    const line = lineOf(address);
    const word = address | 0;
    const group = this.#group(line);
    if (group.count === 0) group.word = word;
    else if (group.word !== word) group.word = SEVERAL;
    group.cores[group.count] = core;
    group.values[group.count] = value;
    group.unless[group.count++] = unless ? 1 : 0;
    group.set[core >> CORE_SHIFT] |= 1 << (core & CORE_MASK);
    this.#watched[line] = group.count;
    this.#address[core] = word;
    this.#since[core] = since;
  }

  isWatched(address: PhysicalAddress): boolean {
    return this.#watched[lineOf(address)] !== 0;
  }

  /**
   * A word of a line that is watched has been written, which was done at `at`: all that wait for the line read it again, in
   * `i32`. Whoever's wait is over, `wake`, has it when half of the others have, which are served in no particular order; what
   * the rest read later delays nobody. `offset`: index in `i32` of a word at an address.
   */
  written(address: PhysicalAddress, at: number, i32: Int32Array, offset: (address: PhysicalAddress) => number, wake: (found: Found) => void): void {
    const line = lineOf(address);
    const group = this.#group(line);
    this.#lines.share(line, group.set);
    if (group.word !== SEVERAL && group.word !== (address | 0)) return;
    const { cores, values, unless } = group;
    const several = group.word === SEVERAL;
    const before = group.count;
    let all = -1;
    let value = i32[offset(address)];
    // From the end: who takes the place of one that is removed has been looked at.
    for (let index = before - 1; index >= 0; index--) {
      if (several) value = i32[offset(this.#address[cores[index]] as PhysicalAddress)];
      if ((value === values[index]) === (unless[index] === 1)) continue;
      if (all < 0) all = this.#lines.distances(line, cores, before);
      const core = cores[index];
      remove(group, index);
      const own = this.#lines.distance(core, line);
      const since = this.#since[core];
      const read = Math.max(at, since) + own + ((all - own) >> 1);
      this.#lines.serve(line, read);
      wake({ core, at: read, address: this.#address[core] as PhysicalAddress, value, since });
    }
    this.#watched[line] = group.count;
  }

  /** What a hart waits for, for people. */
  wait(core: number): string | undefined {
    const group = this.#groups.get(lineOf(this.#address[core] as PhysicalAddress));
    const index = group?.cores.subarray(0, group.count).indexOf(core) ?? NOWHERE;
    if (group === undefined || index === NOWHERE) return undefined;
    return `the word at 0x${(this.#address[core] >>> 0).toString(16)} to ${group.unless[index] === 1 ? "change from" : "be"} ${group.values[index]}`;
  }

  #group(line: number): Group {
    let group = this.#groups.get(line);
    if (group === undefined) {
      const harts = this.#harts;
      const set = new Int32Array(((harts - 1) >> CORE_SHIFT) + 1);
      group = { cores: new Int32Array(harts), values: new Int32Array(harts), unless: new Uint8Array(harts), count: 0, set, word: SEVERAL };
      this.#groups.set(line, group);
    }
    return group;
  }
}

function remove(group: Group, index: number): void {
  const { cores, values, unless, set } = group;
  const core = cores[index];
  const last = --group.count;
  cores[index] = cores[last];
  values[index] = values[last];
  unless[index] = unless[last];
  set[core >> CORE_SHIFT] &= ~(1 << (core & CORE_MASK));
}
