// Seeded random numbers (SplitMix32: Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014, with the finalizer of
// MurmurHash3), and values whose edges come up often.

const WORD = 2 ** 32;
const STEP = 0x9e37_79b9;
const WORD_BITS = 64;

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 random bits, as a number that is not negative. */
  word(): number {
    this.#state = (this.#state + STEP) | 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
    value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
    return (value ^ (value >>> 16)) >>> 0;
  }

  /** 0 to bound - 1. */
  below(bound: number): number {
    return Math.floor((this.word() * bound) / WORD);
  }

  /** True once in `of` times. */
  once(of: number): boolean {
    return this.below(of) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** A value of `items`, each as often as its weight says. */
  weighted<T>(items: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(items.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of items) {
      left -= weight;
      if (left < 0) return value;
    }
    return items[items.length - 1][1];
  }

  bits(): bigint {
    return BigInt(this.word()) * BigInt(WORD) + BigInt(this.word());
  }

  /** A 64-bit value: small, at a power of two, at an end, or any. */
  value(): bigint {
    const near = BigInt(this.below(5) - 2);
    const value = this.weighted<() => bigint>([
      [3, () => BigInt(this.below(64))],
      [2, () => near],
      [3, () => (1n << BigInt(this.below(64))) + near],
      [1, () => -(1n << BigInt(this.below(64))) + near],
      [1, () => BigInt(this.word())],
      [2, () => this.bits()],
    ])();
    return BigInt.asUintN(WORD_BITS, value);
  }
}

/** The seed of part `index` of something that has one; part 0 has the same. */
export function seedOf(seed: number, index: number): number {
  return index === 0 ? seed : new Random(seed ^ Math.imul(index, STEP)).word();
}
