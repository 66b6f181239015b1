// Harts in the order of their cycles, those of the same cycle in the order of their numbers: a winner tree.

const NOBODY = -1;

export class Order {
  /** Leaves of the tree: the harts there are, rounded up to a power of two. */
  readonly #leaves: number;
  /** By hart; Infinity: not in the order. */
  readonly #keys: Float64Array;
  /** By node, the root being 1: the hart that comes first of those below it. */
  readonly #winners: Int32Array;

  constructor(harts: number) {
    this.#leaves = 1 << (32 - Math.clz32(Math.max(harts, 2) - 1));
    this.#keys = new Float64Array(this.#leaves).fill(Infinity);
    this.#winners = new Int32Array(2 * this.#leaves);
    for (let hart = 0; hart < this.#leaves; hart++) this.#winners[this.#leaves + hart] = hart;
    for (let node = this.#leaves - 1; node > 0; node--) this.#winners[node] = this.#winners[2 * node];
  }

  /** The hart that comes first; -1 if there is none. */
  first(): number {
    const hart = this.#winners[1];
    return this.#keys[hart] === Infinity ? NOBODY : hart;
  }

  /** The cycle of the hart that comes first of all others than the first. */
  next(): number {
    const keys = this.#keys;
    const winners = this.#winners;
    let least = Infinity;
    // It has lost against the first, somewhere on the first's way up.
    for (let node = this.#leaves + winners[1]; node > 1; node >>= 1) {
      const key = keys[winners[node ^ 1]];
      if (key < least) least = key;
    }
    return least;
  }

  /** Puts a hart where `cycle` belongs; Infinity takes it out. */
  set(hart: number, cycle: number): void {
    const keys = this.#keys;
    const winners = this.#winners;
    keys[hart] = cycle;
    for (let node = (this.#leaves + hart) >> 1; node > 0; node >>= 1) {
      const left = winners[2 * node];
      const right = winners[2 * node + 1];
      winners[node] = keys[right] < keys[left] ? right : left;
    }
  }
}
