// Harts in the order of their cycles, those of the same cycle in the order of their numbers: an indexed binary heap.

export class Order {
  readonly #keys: Float64Array;
  /** Harts, and where each is; -1: not in the order. */
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  #size = 0;

  constructor(harts: number) {
    this.#keys = new Float64Array(harts);
    this.#heap = new Int32Array(harts);
    this.#place = new Int32Array(harts).fill(-1);
  }

  /** The hart that comes first; -1 if there is none. */
  first(): number {
    return this.#size === 0 ? -1 : this.#heap[0];
  }

  /** The cycle of the hart that comes first of all others than the first. */
  next(): number {
    if (this.#size < 2) return Infinity;
    const left = this.#keys[this.#heap[1]];
    return this.#size === 2 ? left : Math.min(left, this.#keys[this.#heap[2]]);
  }

  /** Puts a hart where `cycle` belongs; Infinity takes it out. */
  set(hart: number, cycle: number): void {
    const place = this.#place[hart];
    if (cycle === Infinity) {
      if (place >= 0) this.#remove(hart, place);
      return;
    }
    this.#keys[hart] = cycle;
    if (place >= 0) {
      this.#down(this.#up(place));
      return;
    }
    this.#heap[this.#size] = hart;
    this.#place[hart] = this.#size;
    this.#up(this.#size++);
  }

  #remove(hart: number, place: number): void {
    this.#place[hart] = -1;
    const last = this.#heap[--this.#size];
    if (last === hart) return;
    this.#heap[place] = last;
    this.#place[last] = place;
    this.#down(this.#up(place));
  }

  #before(hart: number, other: number): boolean {
    const difference = this.#keys[hart] - this.#keys[other];
    return difference < 0 || (difference === 0 && hart < other);
  }

  #up(from: number): number {
    const hart = this.#heap[from];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#before(hart, this.#heap[parent])) break;
      this.#move(this.#heap[parent], place);
      place = parent;
    }
    this.#move(hart, place);
    return place;
  }

  #down(from: number): void {
    const hart = this.#heap[from];
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(this.#heap[child + 1], this.#heap[child])) child++;
      if (!this.#before(this.#heap[child], hart)) break;
      this.#move(this.#heap[child], place);
      place = child;
    }
    this.#move(hart, place);
  }

  #move(hart: number, place: number): void {
    this.#heap[place] = hart;
    this.#place[hart] = place;
  }
}
