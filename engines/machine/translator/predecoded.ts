// Predecoded instructions: looked for by the low bits of the address, and told by their own bits. An entry holds nothing
// of its place, so that one serves all guests of the thread that run the same image, and changed code is not mistaken.

import { decode, type Decoded } from "../instructions/decode.ts";
import { HART } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { Code } from "../wasm/code.ts";
import { PREDECODED } from "./abi.ts";

const NOP = 0x0000_0013;
const DECODED_NOP = decode(NOP) as Decoded;

/** Leaves the host offset of the entry for the instruction at `pc`, an i64 local; `area` holds the thread area's. */
export function emitEntryFor(code: Code, pc: number, area: number): void {
  code.get(pc);
  code.op("i32.wrap_i64");
  code.i32(PREDECODED.bytes / 2);
  code.op("i32.mul");
  code.i32((PREDECODED.entries - 1) * PREDECODED.bytes);
  code.op("i32.and");
  code.get(area);
  code.op("i32.add");
}

export class Predecoded {
  readonly #memory: PhysicalMemory;
  readonly #area: number;

  constructor(memory: PhysicalMemory, area: number) {
    this.#memory = memory;
    this.#area = area;
    // Guests may jump to any word: what no instruction has been kept in holds one that is as its tag says.
    for (let pc = 0; pc < 2 * PREDECODED.entries; pc += 2) this.keep(pc, NOP, DECODED_NOP);
  }

  /** Keeps what `word`, the four bytes at `pc`, decodes to; answers where. */
  keep(pc: number, word: number, decoded: Decoded): number {
    const entry = this.#area + PREDECODED.offset + (pc / 2 & (PREDECODED.entries - 1)) * PREDECODED.bytes;
    this.#memory.i32[(entry + PREDECODED.tag) >> 2] = word;
    this.#write(entry, decoded);
    return entry;
  }

  /** For once: of the instruction's place no four bytes can be read at once. */
  pass(decoded: Decoded): number {
    const entry = this.#area + PREDECODED.scratch;
    this.#write(entry, decoded);
    return entry;
  }

  #write(entry: number, decoded: Decoded): void {
    const { u8, i32 } = this.#memory;
    u8[entry + PREDECODED.operation] = decoded.number;
    u8[entry + PREDECODED.length] = decoded.bytes;
    const rd = decoded.rd === 0 ? HART.sink : HART.x + 8 * decoded.rd;
    this.#store16(entry + PREDECODED.rd, rd);
    this.#store16(entry + PREDECODED.rs1, HART.x + 8 * decoded.rs1);
    this.#store16(entry + PREDECODED.rs2, HART.x + 8 * decoded.rs2);
    i32[(entry + PREDECODED.immediate) >> 2] = decoded.immediate;
  }

  #store16(offset: number, value: number): void {
    this.#memory.u8[offset] = value & 0xff;
    this.#memory.u8[offset + 1] = value >> 8;
  }
}
