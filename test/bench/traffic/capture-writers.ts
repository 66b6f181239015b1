// Writers of every variant of the two formats, for tests of the readers, from draft-ietf-opsawg-pcap and -pcapng.

import type { CapturedFrame } from "../../../bench/traffic/captured-frame.ts";

const BILLION = 1_000_000_000n;

class Bytes {
  readonly #bytes: number[] = [];
  readonly #little: boolean;

  constructor(little: boolean) {
    this.#little = little;
  }

  number(value: bigint | number, bytes: number): this {
    const digits = Array.from({ length: bytes }, (_, index) => Number((BigInt(value) >> BigInt(8 * index)) & 255n));
    this.#bytes.push(...(this.#little ? digits : digits.reverse()));
    return this;
  }

  raw(bytes: Iterable<number>): this {
    this.#bytes.push(...bytes);
    return this;
  }

  padded(bytes: readonly number[] | Uint8Array): this {
    this.#bytes.push(...bytes, ...new Array<number>(-bytes.length & 3).fill(0));
    return this;
  }

  block(type: number, body: Bytes): this {
    const length = body.#bytes.length + 12;
    return this.number(type, 4).number(length, 4).raw(body.#bytes).number(length, 4);
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export function writePcapLike(frames: readonly CapturedFrame[], littleEndian: boolean, nanoseconds: boolean): Uint8Array {
  const file = new Bytes(littleEndian);
  file.number(nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4, 4).number(2, 2).number(4, 2).number(0, 8).number(65535, 4).number(1, 4);
  for (const { time, bytes, length } of frames) {
    file.number(time / BILLION, 4).number((time % BILLION) / (nanoseconds ? 1n : 1000n), 4).number(bytes.length, 4).number(length, 4).raw(bytes);
  }
  return file.done();
}

interface Variant {
  readonly littleEndian: boolean;
  /** if_tsresol. */
  readonly resolution: number;
  readonly offsetSeconds: bigint;
}

/** A file of enhanced packet blocks, a few simple ones, and blocks between them that a reader skips; and what it should read. */
export function writeBlocks(frames: readonly CapturedFrame[], { littleEndian, resolution, offsetSeconds }: Variant): { file: Uint8Array; expected: CapturedFrame[] } {
  const make = () => new Bytes(littleEndian);
  const units = (resolution & 0x80) === 0 ? 10n ** BigInt(resolution) : 2n ** BigInt(resolution & 0x7f);
  const file = make();
  const comment = new TextEncoder().encode("a comment");
  file.block(0x0a0d_0d0a, make().number(0x1a2b_3c4d, 4).number(1, 2).number(0, 2).number(-1, 8).number(1, 2).number(comment.length, 2).padded(comment).number(0, 4));
  file.block(1, make().number(1, 2).number(0, 2).number(0, 4)
    .number(2, 2).number(3, 2).padded([101, 116, 104]) // if_name
    .number(9, 2).number(1, 2).padded([resolution])
    .number(14, 2).number(8, 2).number(offsetSeconds, 8).number(0, 4));
  const expected = frames.map((frame, index): CapturedFrame => {
    if (index % 3 === 2) file.block(5, make().number(0, 4).number(0, 8)); // interface statistics
    if (index % 4 === 3) {
      file.block(3, make().number(frame.bytes.length, 4).padded(frame.bytes));
      return { time: offsetSeconds * BILLION, bytes: frame.bytes, length: frame.bytes.length };
    }
    const time = ((frame.time % (1000n * BILLION)) * units) / BILLION;
    file.block(6, make().number(0, 4).number(time >> 32n, 4).number(time & 0xffff_ffffn, 4).number(frame.bytes.length, 4).number(frame.length, 4)
      .padded(frame.bytes).number(1, 2).number(comment.length, 2).padded(comment).number(0, 4));
    return { ...frame, time: offsetSeconds * BILLION + (time * BILLION) / units };
  });
  return { file: file.done(), expected };
}
