// Which bit each fault of a campaign flips, and when: drawn from the campaign's seed and the fault's number alone, so that
// faults can be injected in any order, on any thread.

export const PLACES = ["register", "csr", "memory", "code"] as const;
export type Place = (typeof PLACES)[number];

export interface Fault {
  readonly number: number;
  readonly place: Place;
  /** Where in the time in which faults are injected, and where among all there is of `place`: from 0 up to 1. */
  readonly moment: number;
  readonly where: number;
  /** 0 to 63; of memory and code, the low three bits. */
  readonly bit: number;
}

const MASK = (1n << 64n) - 1n;
const DRAWS = 4;
const UNIT = 2 ** 32;

export function drawFault(seed: number, number: number): Fault {
  const draw = (index: number): number => Number(splitMix((BigInt(seed) << 32n) + BigInt(number * DRAWS + index)) >> 32n) / UNIT;
  const [place, moment, where, bit] = Array.from({ length: DRAWS }, (_, index) => draw(index));
  return { number, place: PLACES[Math.floor(place * PLACES.length)], moment, where, bit: Math.floor(bit * 64) };
}

/** A value of the generator SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), by its position. */
function splitMix(position: bigint): bigint {
  let value = ((position + 1n) * 0x9e37_79b9_7f4a_7c15n) & MASK;
  value = ((value ^ (value >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
  value = ((value ^ (value >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
  return value ^ (value >> 31n);
}
