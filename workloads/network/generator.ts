// The seeded generator that rules, patterns and flows are drawn with: SplitMix64 (Steele, Lea, Flood:
// Fast splittable pseudorandom number generators, 2014), as in the guests' runtime/mix.h.

const WORD_BITS = 64;
const STEP = 0x9e37_79b9_7f4a_7c15n;

const wrap = (value: bigint): bigint => BigInt.asUintN(WORD_BITS, value);

export class Generator {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed);
  }

  /** 32 random bits, as a number that is not negative. */
  word(): number {
    this.#state = wrap(this.#state + STEP);
    let value = this.#state;
    value = wrap((value ^ (value >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    value = wrap((value ^ (value >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return Number((value ^ (value >> 31n)) >> 32n);
  }

  /** 0 to bound - 1. */
  below(bound: number): number {
    return Math.floor((this.word() * bound) / 0x1_0000_0000);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}
