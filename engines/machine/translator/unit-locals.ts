// The WebAssembly locals of a translated unit.

import type { Code } from "../wasm/code.ts";
import { I32, I64 } from "../wasm/opcodes.ts";
import type { ValueType } from "../wasm/opcodes.ts";
import type { RegisterSet } from "./registers.ts";

export const LOCAL = {
  state: 0, resume: 1, depth: 2, // parameters
  fuel: 3, offset: 4, next: 5, window: 6, // i32
  address: 7, exitPc: 8, answer: 9, target: 10, // i64
} as const;
const I32_LOCALS = 4;
const TEMPORARIES = 4;

/**
 * Guest registers live in i64 locals, or in i32 locals while they are known to hold words (words.ts).
 */
export class UnitLocals {
  readonly temporaries = LOCAL.target + 1;
  readonly #ofRegister: readonly number[];
  readonly #count: number;
  readonly #wordCount: number;
  readonly #bases: number;
  /** Registers whose value is in the i32 local only, to be sign-extended. */
  #words: RegisterSet = 0;

  /** `bases`: how many i32 locals for host offsets are needed besides. */
  constructor(used: RegisterSet, bases: number) {
    this.#bases = bases;
    let next = this.temporaries + TEMPORARIES;
    const ofRegister: number[] = [];
    for (let register = 1; register < 32; register++) {
      if ((used >>> register) & 1) ofRegister[register] = next++;
    }
    this.#ofRegister = ofRegister;
    this.#count = next - LOCAL.address;
    this.#wordCount = next - this.temporaries - TEMPORARIES;
  }

  declarations(): readonly { readonly type: ValueType; readonly count: number }[] {
    return [{ type: I32, count: I32_LOCALS }, { type: I64, count: this.#count }, { type: I32, count: this.#wordCount + this.#bases }];
  }

  /** Local that a look-up of translated addresses works with. */
  get guess(): number {
    return this.base(this.#bases - 1);
  }

  /** Local of a host offset that lives as long as accesses share it. */
  base(number: number): number {
    if (number >= this.#bases) throw new Error(`base ${number} was not counted`);
    return LOCAL.address + this.#count + this.#wordCount + number;
  }

  /** Local of guest register 1..31. */
  of(register: number): number {
    const local = this.#ofRegister[register];
    if (local === undefined) throw new Error(`register x${register} was not counted as used`);
    return local;
  }

  /** Pushes all 64 bits. */
  push(code: Code, register: number): void {
    if (register === 0) code.i64(0);
    else if (this.isWord(register)) {
      code.get(this.#wordOf(register));
      code.op("i64.extend_i32_s");
    } else code.get(this.of(register));
  }

  /** Pushes the low 32 bits. */
  pushWord(code: Code, register: number): void {
    if (register === 0) code.i32(0);
    else if (this.isWord(register)) code.get(this.#wordOf(register));
    else {
      code.get(this.of(register));
      code.op("i32.wrap_i64");
    }
  }

  /** Takes the new value of a register, other than x0. */
  set(code: Code, register: number): void {
    code.set(this.of(register));
    this.#words &= ~(1 << register);
  }

  /** Takes the low 32 bits of a register, other than x0, of which the value is the sign extension. */
  setWord(code: Code, register: number): void {
    code.set(this.#wordOf(register));
    this.#words |= 1 << register;
  }

  /** Whether the value is known to be the sign extension of its low 32 bits, which are at hand. */
  isWord(register: number): boolean {
    return register === 0 || ((this.#words >>> register) & 1) !== 0;
  }

  /** Brings the i64 locals of a set up to date, on this way through the code. */
  widen(code: Code, set: RegisterSet): void {
    for (let register = 1; register < 32; register++) {
      if ((((set & this.#words) >>> register) & 1) === 0) continue;
      code.get(this.#wordOf(register));
      code.op("i64.extend_i32_s");
      code.set(this.of(register));
    }
  }

  /** The registers of which the value is in the i32 local. */
  get words(): RegisterSet {
    return this.#words;
  }

  /** Emission goes on where the values of `words` are in their i32 locals, and all others in their i64 locals. */
  goOnWith(words: RegisterSet): void {
    this.#words = words;
  }

  /** Sets the i32 locals of a set from the i64 locals, and pushes whether that lost anything. */
  narrow(code: Code, set: RegisterSet): void {
    code.i32(0);
    for (let register = 1; register < 32; register++) {
      if (((set >>> register) & 1) === 0) continue;
      code.get(this.of(register));
      code.op("i32.wrap_i64");
      code.tee(this.#wordOf(register));
      code.op("i64.extend_i32_s");
      code.get(this.of(register));
      code.op("i64.ne");
      code.op("i32.or");
    }
  }

  #wordOf(register: number): number {
    return this.of(register) + this.#wordCount;
  }
}

