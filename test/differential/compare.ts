// What a stream left behind, and in what two runs of it differ.

import { MAXIMUM_TRAPS, RESULT, RESULT_BYTES, RESULT_CSRS, SCRATCH_BYTES, TRAP_BYTES } from "./program.ts";

const TRAP_FIELDS = ["scause", "sepc", "stval", "sstatus"] as const;

/** The results area of a program, one result for every stream in every pass. */
export class Results {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #streams: number;

  constructor(bytes: Uint8Array, streams: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#streams = streams;
  }

  static bytes(streams: number, passes: number): number {
    return streams * passes * RESULT_BYTES;
  }

  traps(stream: number): number {
    return Number(this.#word(this.#at(stream, 0)));
  }

  /** Causes of the recorded traps of a stream's first pass. */
  causes(stream: number): readonly number[] {
    const at = this.#at(stream, 0) + RESULT.traps;
    const count = Math.min(this.traps(stream), MAXIMUM_TRAPS);
    return Array.from({ length: count }, (_, trap) => Number(this.#word(at + trap * TRAP_BYTES)));
  }

  /** One line for every field of a stream's result in a pass that is not the same in `other`. */
  differences(other: Results, stream: number, pass: number): readonly string[] {
    const from = this.#at(stream, pass);
    if (Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, RESULT_BYTES)
      .equals(Buffer.from(other.#bytes.buffer, other.#bytes.byteOffset + from, RESULT_BYTES))) return [];
    const lines: string[] = [];
    const check = (name: string, at: number): void => {
      const here = this.#word(from + at);
      const there = other.#word(from + at);
      if (here !== there) lines.push(`${name}: ${here.toString(16)} against ${there.toString(16)}`);
    };
    check("traps", RESULT.registers);
    for (let register = 1; register < 32; register++) check(`x${register}`, RESULT.registers + 8 * register);
    for (const [index, name] of RESULT_CSRS.entries()) check(name, RESULT.csrs + 8 * index);
    for (let at = 0; at < SCRATCH_BYTES; at += 8) check(`scratch+${at}`, RESULT.scratch + at);
    for (let trap = 0; trap < MAXIMUM_TRAPS; trap++) {
      for (const [index, name] of TRAP_FIELDS.entries()) {
        check(`trap ${trap} ${name}`, RESULT.traps + trap * TRAP_BYTES + 8 * index);
      }
    }
    return lines;
  }

  #at(stream: number, pass: number): number {
    return (pass * this.#streams + stream) * RESULT_BYTES;
  }

  #word(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
}
