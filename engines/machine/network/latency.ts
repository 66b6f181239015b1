// The histogram's buckets, the same as guests keep: exact below 16 ns, from there 16 buckets to each power of two.

export const HISTOGRAM_BUCKETS = 448;
const LINEAR = 16;
const HIGHEST = 2 ** 31;

/** The bucket that a duration falls in; the last one also takes all that is longer. */
export function bucketOf(nanoseconds: number): number {
  if (nanoseconds >= HIGHEST) return HISTOGRAM_BUCKETS - 1;
  const value = nanoseconds | 0;
  if (value < LINEAR) return value < 0 ? 0 : value;
  const exponent = 31 - Math.clz32(value);
  return ((exponent - 3) << 4) + ((value >> (exponent - 4)) & (LINEAR - 1));
}
