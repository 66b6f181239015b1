// What hostile guests overwrite memory with, and nobody else does.

/** As in workloads/guests/attack/attack.h. */
export const PATTERN = "!!attack";
/** Half of the pattern: low, high. */
const LOW = 0x7461_2121;
const HIGH = 0x6b63_6174;
export const PATTERN_WORDS = [LOW, HIGH] as const;

/** What a device writes into the used ring of a queue whose driver is hostile (workloads/guests/attack/queues.h): the chain's number, and how
 *  many bytes it wrote into the chain, a sector and a status or a header and a frame. */
const CHAIN = 0xad;
const DISK_BYTES = 513;
const FRAME_BYTES = 538;

/** Words of 8 bytes that have the pattern, or are such an entry. */
export function countPattern(memory: Uint8Array): number {
  const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
  let count = 0;
  for (let index = 0; index < words.length; index += 2) {
    const low = words[index];
    if (low === LOW && words[index + 1] === HIGH) count++;
    else if (low === CHAIN && (words[index + 1] === DISK_BYTES || words[index + 1] === FRAME_BYTES)) count++;
  }
  return count;
}
