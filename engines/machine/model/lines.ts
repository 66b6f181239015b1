// Which cores hold which cache line, and what it costs to get one: the directory of an invalidation protocol with the
// states of MSI, which serves one request for a line at a time (Mellor-Crummey and Scott: Algorithms for scalable
// synchronization, 1991, on what locks cost then). Harts that spin are apart: waiters.ts. Caches have room for everything.

import type { PhysicalAddress } from "../address.ts";
import { RAM_BASE } from "../layout.ts";
import type { CostModel } from "./cost-model.ts";

const LINE_SHIFT = 6;
export const LINE_BYTES = 1 << LINE_SHIFT;
const WORD_SHIFT = 5;
const WORD_MASK = 31;
const UNEVEN = -1;

/** Number of the line that a RAM address lies in; the address may be signed. */
export function lineOf(address: PhysicalAddress): number {
  return ((address | 0) - (RAM_BASE | 0)) >>> LINE_SHIFT;
}

export class Lines {
  readonly #cores: number;
  readonly #transfer: Int32Array;
  /** By core: the most that it is away from any other. */
  readonly #most: Int32Array;
  /** By core: what every other is away from it, or UNEVEN. */
  readonly #even: Int32Array;
  readonly #hit: number;
  readonly #memory: number;
  /** Words of a line's set of readers. */
  readonly #words: number;
  /** 1 + the core that wrote the line last, or read it first; 0: nobody. */
  readonly #owner: Int16Array;
  /** Cores other than the owner that hold it, and how many. */
  readonly #readers: Int32Array;
  readonly #count: Uint8Array;
  /** When the last request for it has been served. */
  readonly #free: Float64Array;

  constructor(ramBytes: number, harts: number, model: CostModel) {
    const lines = Math.ceil(ramBytes / LINE_BYTES);
    this.#cores = model.cores;
    this.#transfer = model.transfer;
    const others = (core: number) => Array.from({ length: harts }, (_, other) => other).filter((other) => other !== core);
    this.#most = Int32Array.from({ length: harts }, (_, core) => Math.max(0, ...others(core).map((other) => model.transfer[other * model.cores + core])));
    this.#even = Int32Array.from({ length: harts }, (_, core) => {
      const [first, ...rest] = new Set(others(core).map((other) => model.transfer[core * model.cores + other]));
      return rest.length > 0 ? UNEVEN : first;
    });
    this.#hit = model.costs.cacheHit;
    this.#memory = model.costs.memory;
    this.#words = ((harts - 1) >> WORD_SHIFT) + 1;
    this.#owner = new Int16Array(lines);
    this.#readers = new Int32Array(lines * this.#words);
    this.#count = new Uint8Array(lines);
    this.#free = new Float64Array(lines);
  }

  /** Whether `core` reads the line without asking anybody. */
  reads(core: number, line: number): boolean {
    if (this.#owner[line] === core + 1) return true;
    return this.#count[line] !== 0 && (this.#readers[line * this.#words + (core >> WORD_SHIFT)] & (1 << (core & WORD_MASK))) !== 0;
  }

  /** Whether `core` writes it without asking anybody. */
  writes(core: number, line: number): boolean {
    return this.#owner[line] === core + 1 && this.#count[line] === 0;
  }

  /** When a load that begins at `now` is done. */
  read(core: number, line: number, now: number): number {
    if (this.reads(core, line)) return now + this.#hit;
    this.#requireMemory(line);
    const owner = this.#owner[line];
    const begun = Math.max(now, this.#free[line]);
    if (owner === 0) {
      this.#owner[line] = core + 1;
      return (this.#free[line] = begun + this.#memory);
    }
    this.#addReader(core, line);
    return (this.#free[line] = begun + this.#transfer[(owner - 1) * this.#cores + core]);
  }

  /** When a store that begins at `now` is done: all other copies are then invalid. */
  write(core: number, line: number, now: number): number {
    if (this.writes(core, line)) return now + this.#hit;
    this.#requireMemory(line);
    const begun = Math.max(now, this.#free[line]);
    const owner = this.#owner[line];
    let cost = owner === 0 ? this.#memory : this.#transfer[(owner - 1) * this.#cores + core];
    if (this.#count[line] !== 0) {
      cost = Math.max(cost, this.#farthestReader(core, line));
      for (let word = line * this.#words; word < (line + 1) * this.#words; word++) this.#readers[word] = 0;
      this.#count[line] = 0;
    }
    this.#owner[line] = core + 1;
    return (this.#free[line] = begun + Math.max(cost, this.#hit));
  }

  /** Cycles for which the line comes to `core` from who wrote it. */
  distance(core: number, line: number): number {
    const owner = this.#owner[line];
    return owner === 0 ? this.#memory : this.#transfer[(owner - 1) * this.#cores + core];
  }

  /** All cores of a set read the line, whenever they are served. */
  share(line: number, set: Int32Array): void {
    const owner = this.#owner[line] - 1;
    const first = line * this.#words;
    for (let word = 0; word < this.#words; word++) {
      let added = set[word] & ~this.#readers[first + word];
      if (owner >= 0 && owner >> WORD_SHIFT === word) added &= ~(1 << (owner & WORD_MASK));
      if (added === 0) continue;
      this.#readers[first + word] |= added;
      this.#count[line] += ones(added);
    }
  }

  /** The sum of the distances of the first `count` of `cores`, of which who wrote the line is none. */
  distances(line: number, cores: Int32Array, count: number): number {
    const owner = this.#owner[line];
    if (owner === 0) return count * this.#memory;
    const even = this.#even[owner - 1];
    if (even !== UNEVEN) return count * even;
    const row = (owner - 1) * this.#cores;
    const transfer = this.#transfer;
    let all = 0;
    for (let index = 0; index < count; index++) all += transfer[row + cores[index]];
    return all;
  }

  /** A request for the line has been served at `at`. */
  serve(line: number, at: number): void {
    this.#free[line] = Math.max(this.#free[line], at);
  }

  /** An engine whose state a guest has overwritten may follow any address: the access fault that it takes then has nobody to handle it. */
  #requireMemory(line: number): void {
    if (line >= this.#owner.length) throw new RangeError(`access fault at 0x${(RAM_BASE + line * LINE_BYTES).toString(16)}`);
  }

  #addReader(core: number, line: number): void {
    this.#readers[line * this.#words + (core >> WORD_SHIFT)] |= 1 << (core & WORD_MASK);
    this.#count[line]++;
  }

  #farthestReader(core: number, line: number): number {
    const most = this.#most[core];
    let farthest = 0;
    for (let word = 0; word < this.#words; word++) {
      let bits = this.#readers[line * this.#words + word];
      while (bits !== 0) {
        const reader = (word << WORD_SHIFT) + 31 - Math.clz32(bits);
        bits &= ~(1 << (reader & WORD_MASK));
        if (reader === core) continue;
        farthest = Math.max(farthest, this.#transfer[reader * this.#cores + core]);
        if (farthest === most) return most;
      }
    }
    return farthest;
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
