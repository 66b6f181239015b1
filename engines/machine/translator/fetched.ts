// What the translation of one unit has read of memory, which other harts may write and map meanwhile: each place is
// read once, so that what is later compared with memory is what was translated.

const HALF = 0x1_0000;
const HALF_BYTES = 2;

export class Fetched {
  /** Host offset · 2^16 + two bytes, by address. */
  readonly #halves = new Map<number, number>();

  /** The two bytes at `pc`; `read` answers them and `locate` where they are, or null where there is no code. */
  half(pc: number, locate: (pc: number) => number | null, read: (host: number) => number): number | null {
    const known = this.#halves.get(pc);
    if (known !== undefined) return known % HALF;
    const host = locate(pc);
    if (host === null) return null;
    const half = read(host);
    this.#halves.set(pc, host * HALF + half);
    return half;
  }

  /** Where the bytes at `pc` were; undefined if they were not read. */
  hostOf(pc: number): number | undefined {
    const known = this.#halves.get(pc);
    return known === undefined ? undefined : Math.floor(known / HALF);
  }

  /** Puts what was read of [pc, pc + bytes.length) into `bytes`. */
  restore(pc: number, bytes: Uint8Array): Uint8Array {
    for (let at = 0; at + HALF_BYTES <= bytes.length; at += HALF_BYTES) {
      const known = this.#halves.get(pc + at);
      if (known === undefined) continue;
      bytes[at] = known & 0xff;
      bytes[at + 1] = (known % HALF) >> 8;
    }
    return bytes;
  }
}
