// A small seeded generator (xorshift32 after a multiplicative hash of its seed): a stream is its seed.

export class Random {
  #state: number;

  constructor(...seeds: readonly number[]) {
    let state = 0x9e37_79b9;
    for (const seed of seeds) state = Math.imul(state ^ seed, 0x85eb_ca6b) ^ (state >>> 13);
    this.#state = state === 0 ? 1 : state;
    for (let warm = 0; warm < 4; warm++) this.bits();
  }

  /** 32 random bits, as an Int32. */
  bits(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.imul(state, 0x9e37_79b1) ^ (state >>> 15);
  }

  /** An integer of low..high, both included. */
  between(low: number, high: number): number {
    return low + ((this.bits() >>> 0) % (high - low + 1));
  }

  chance(one: number, of: number): boolean {
    return this.between(1, of) <= one;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.between(0, from.length - 1)];
  }

  /** A 64-bit value, often one at which arithmetic changes its behaviour. */
  value(): bigint {
    const near = BigInt(this.between(-2, 2));
    switch (this.between(0, 7)) {
      case 0: return BigInt.asUintN(64, near);
      case 1: return BigInt.asUintN(64, (1n << 63n) + near);
      case 2: return BigInt.asUintN(64, (1n << 31n) + near);
      case 3: return BigInt.asUintN(64, -(1n << 31n) + near);
      case 4: return BigInt.asUintN(64, (1n << 32n) + near);
      case 5: return BigInt.asUintN(64, (1n << BigInt(this.between(0, 63))) + near);
      case 6: return BigInt(this.between(0, 0xff));
      default: return (BigInt(this.bits() >>> 0) << 32n) | BigInt(this.bits() >>> 0);
    }
  }
}
