// Harts that wait for others to write a word. They spin on copies of its line, at no cost to anybody, until somebody writes
// it; then all read it again, and with k of them the one that may go on waits for k/2 on average: a lock is handed over in
// a time that grows by c/2 with each waiter, c being one transfer (Boyd-Wickizer, Kaashoek, Morris, Zeldovich: Non-scalable
// locks are dangerous, 2012: s + ck/2). Who tries to exchange it instead comes for the line again and again.

import type { PhysicalAddress } from "../address.ts";
import { lineOf, type Lines } from "./lines.ts";

export interface WordWait {
  readonly kind: "word";
  readonly address: PhysicalAddress;
  readonly line: number;
  readonly value: number;
  /** Until it is anything but `value`. */
  readonly unless: boolean;
  readonly since: number;
}

export interface ExchangeWait {
  readonly kind: "exchange";
  readonly address: PhysicalAddress;
  readonly value: number;
  readonly wanted: number;
  readonly longest: number;
  readonly since: number;
  /** Pauses before the next attempt. */
  pauses: number;
}

/** Harts that wait for words, by line. */
export class Waiters {
  readonly #lines: Lines;
  /** By core. */
  readonly #waits: (WordWait | undefined)[];
  /** Harts that wait, by line. */
  readonly #watched: Uint8Array;

  constructor(ramLines: number, harts: number, lines: Lines) {
    this.#lines = lines;
    this.#waits = Array.from({ length: harts }, () => undefined);
    this.#watched = new Uint8Array(ramLines);
  }

  add(core: number, address: PhysicalAddress, value: number, unless: boolean, since: number): void {
    const line = lineOf(address);
    this.#waits[core] = { kind: "word", address, line, value, unless, since };
    this.#watched[line]++;
  }

  isWatched(address: PhysicalAddress): boolean {
    return this.#watched[lineOf(address)] !== 0;
  }

  /**
   * Core `writer` has written the line of `address`, which was done at `at`: all that wait for it read it again. Whoever's
   * wait is over, `wake`, has it when half of the others have, which are served in no particular order; what the rest read
   * later delays nobody.
   */
  written(writer: number, address: PhysicalAddress, at: number, load: (address: PhysicalAddress) => number, wake: (core: number, at: number, found: number, wait: WordWait) => void): void {
    const line = lineOf(address);
    const harts = this.#waits.length;
    let all = 0;
    for (let core = 0; core < harts; core++) {
      if (this.#waits[core]?.line === line) all += this.#lines.share(core, line);
    }
    for (let distance = 1; distance < harts && this.#watched[line] !== 0; distance++) {
      const core = (writer + distance) % harts;
      const wait = this.#waits[core];
      if (wait === undefined || wait.line !== line) continue;
      const found = load(wait.address);
      if ((found === wait.value) === wait.unless) continue;
      this.#waits[core] = undefined;
      this.#watched[line]--;
      const own = this.#lines.distance(core, line);
      const read = Math.max(at, wait.since) + own + ((all - own) >> 1);
      this.#lines.serve(line, read);
      wake(core, read, found, wait);
    }
  }

  /** What a hart waits for, for people. */
  wait(core: number): string | undefined {
    const wait = this.#waits[core];
    if (wait === undefined) return undefined;
    return `the word at 0x${(wait.address >>> 0).toString(16)} to ${wait.unless ? "change from" : "be"} ${wait.value}`;
  }
}
