// A function body under construction: bytes, and the labels that enclose the point of emission.

import { ACCESSES, OPERATORS, VOID } from "./opcodes.ts";
import type { Access, Operator, ValueType } from "./opcodes.ts";

const INITIAL_BYTES = 4096;

/** Where a branch may go: opened by block/loop/if, closed by end. Depth is counted from the outermost. */
export type Label = number & { readonly label: unique symbol };

export class Code {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #length = 0;
  #depth = 0;
  readonly #unlikely: number[] = [];

  /** The bytes emitted so far (a view, valid until the next emission). */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Offsets of the `if` and `br_if` that are marked as rarely taken (branch hinting proposal). */
  unlikely(): readonly number[] {
    return this.#unlikely;
  }

  /** Marks the `if` or `br_if` that is emitted next as rarely taken. */
  markUnlikely(): void {
    this.#unlikely.push(this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = value;
  }

  /** Unsigned LEB128 of a number below 2^53. */
  unsigned(value: number): void {
    while (value >= 0x80) {
      this.byte((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.byte(value);
  }

  /** Signed LEB128 of an integer with |value| < 2^53. */
  signed(value: number): void {
    for (;;) {
      const low = ((value % 0x80) + 0x80) % 0x80;
      value = (value - low) / 0x80;
      if ((value === 0 && low < 0x40) || (value === -1 && low >= 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  op(name: Operator): void {
    this.byte(OPERATORS[name].code[0]);
  }

  /** A load, store or atomic at the address on the stack plus `offset`. */
  access(name: Access, offset = 0): void {
    const { code, align } = ACCESSES[name];
    for (const byte of code) this.byte(byte);
    // Plain accesses state alignment 0 (any): guests may be misaligned. Atomics must state the natural one.
    this.unsigned(code.length === 2 ? align : 0);
    this.unsigned(offset);
  }

  i32(value: number): void {
    this.byte(0x41);
    this.signed(value | 0);
  }

  i64(value: number): void {
    this.byte(0x42);
    this.signed(value);
  }

  get(local: number): void {
    this.byte(0x20);
    this.unsigned(local);
  }

  global(index: number): void {
    this.byte(0x23);
    this.unsigned(index);
  }

  set(local: number): void {
    this.byte(0x21);
    this.unsigned(local);
  }

  tee(local: number): void {
    this.byte(0x22);
    this.unsigned(local);
  }

  call(index: number): void {
    this.byte(0x10);
    this.unsigned(index);
  }

  /** Calls the table's entry whose index is on the stack. */
  callIndirect(type: number): void {
    this.byte(0x11);
    this.unsigned(type);
    this.byte(0);
  }

  drop(): void {
    this.byte(0x1a);
  }

  select(): void {
    this.byte(0x1b);
  }

  return(): void {
    this.byte(0x0f);
  }

  unreachable(): void {
    this.byte(0x00);
  }

  /** atomic.fence */
  fence(): void {
    this.byte(0xfe);
    this.byte(0x03);
    this.byte(0x00);
  }

  block(type: ValueType | typeof VOID = VOID): Label {
    return this.#open(0x02, type);
  }

  loop(): Label {
    return this.#open(0x03, VOID);
  }

  if(type: ValueType | typeof VOID = VOID): Label {
    return this.#open(0x04, type);
  }

  else(): void {
    this.byte(0x05);
  }

  end(): void {
    this.byte(0x0b);
    this.#depth--;
  }

  br(label: Label): void {
    this.byte(0x0c);
    this.unsigned(this.#depth - label);
  }

  brIf(label: Label): void {
    this.byte(0x0d);
    this.unsigned(this.#depth - label);
  }

  brTable(labels: readonly Label[], otherwise: Label): void {
    this.byte(0x0e);
    this.unsigned(labels.length);
    for (const label of labels) this.unsigned(this.#depth - label);
    this.unsigned(this.#depth - otherwise);
  }

  #open(opcode: number, type: ValueType | typeof VOID): Label {
    this.byte(opcode);
    this.byte(type);
    return ++this.#depth as Label;
  }
}
