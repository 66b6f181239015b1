// Puts encoded instructions at addresses and resolves labels, in two passes.

import type { Mnemonic } from "../../engines/machine/instructions/table.ts";
import { encode, type Operands } from "./encode.ts";

type Emit = (address: number) => number;

interface Entry {
  readonly bytes: 2 | 4;
  readonly emit: Emit;
}

/** A place in the code. */
export class Label {
  address = Number.NaN;
}

export class Assembler {
  readonly #base: number;
  readonly #entries: Entry[] = [];
  #end: number;

  constructor(base: number) {
    this.#base = base;
    this.#end = base;
  }

  /** Address of what comes next. */
  get address(): number {
    return this.#end;
  }

  bind(label: Label): void {
    label.address = this.#end;
  }

  raw(bytes: 2 | 4, word: number): void {
    this.#add(bytes, () => word);
  }

  /** An instruction that depends on where it and its labels lie. */
  computed(bytes: 2 | 4, emit: Emit): void {
    this.#add(bytes, emit);
  }

  op(mnemonic: Mnemonic, operands: Operands = {}): void {
    this.raw(4, encode(mnemonic, operands));
  }

  /** A branch, or jal. */
  to(label: Label, mnemonic: Mnemonic, operands: Operands = {}): void {
    this.computed(4, (address) => encode(mnemonic, { ...operands, immediate: label.address - address }));
  }

  /** rd = a 32-bit constant, sign-extended. */
  constant(rd: number, value: number): void {
    const low = (value << 20) >> 20;
    this.op("lui", { rd, immediate: (value - low) | 0 });
    this.op("addiw", { rd, rs1: rd, immediate: low });
  }

  /** rd = the label's address. */
  addressOf(rd: number, label: Label): void {
    const start = this.#end;
    const low = (): number => ((label.address - start) << 20) >> 20;
    this.computed(4, () => encode("auipc", { rd, immediate: (label.address - start - low()) | 0 }));
    this.computed(4, () => encode("addi", { rd, rs1: rd, immediate: low() }));
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#end - this.#base);
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const entry of this.#entries) {
      const word = entry.emit(this.#base + at);
      if (entry.bytes === 2) view.setUint16(at, word, true);
      else view.setUint32(at, word, true);
      at += entry.bytes;
    }
    return bytes;
  }

  #add(bytes: 2 | 4, emit: Emit): void {
    this.#entries.push({ bytes, emit });
    this.#end += bytes;
  }
}
