// What hostile guests overwrite memory with, and nobody else does.

/** "!!attack", as in workloads/guests/attack/memory.c: low half, high half. */
const LOW = 0x7461_2121;
const HIGH = 0x6b63_6174;

/** Words of 8 bytes that have the pattern. */
export function countPattern(memory: Uint8Array): number {
  const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
  let count = 0;
  for (let index = 0; index < words.length; index += 2) if (words[index] === LOW && words[index + 1] === HIGH) count++;
  return count;
}
