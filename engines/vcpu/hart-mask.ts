// SBI's hart mask: bit n of 64 names hart `base` + n; base -1 names all. In 32-bit halves.

/** Whether every hart that is named exists, of `count`. */
export function namesOnly(low: number, high: number, base: number, count: number): boolean {
  if (base === -1) return true;
  const highest = high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(low);
  return base < count && base + highest < count;
}

/** Whether hart `number` is named. */
export function isNamed(low: number, high: number, base: number, number: number): boolean {
  if (base === -1) return true;
  const bit = number - base;
  if (bit < 0 || bit >= 64) return false;
  return (((bit < 32 ? low : high) >>> (bit & 31)) & 1) !== 0;
}
