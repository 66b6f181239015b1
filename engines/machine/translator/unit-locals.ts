// The WebAssembly locals of a translated unit.

import type { Code } from "../wasm/code.ts";
import { I32, I64 } from "../wasm/opcodes.ts";
import type { ValueType } from "../wasm/opcodes.ts";
import type { RegisterSet } from "./registers.ts";

export const LOCAL = {
  state: 0, resume: 1, depth: 2, // parameters
  fuel: 3, offset: 4, next: 5, // i32
  address: 6, exitPc: 7, answer: 8, target: 9, // i64
} as const;
const I32_LOCALS = 3;
const TEMPORARIES = 4;

export class UnitLocals {
  readonly temporaries = LOCAL.target + 1;
  readonly #ofRegister: readonly number[];
  readonly #count: number;

  constructor(used: RegisterSet) {
    let next = this.temporaries + TEMPORARIES;
    const ofRegister: number[] = [];
    for (let register = 1; register < 32; register++) {
      if ((used >>> register) & 1) ofRegister[register] = next++;
    }
    this.#ofRegister = ofRegister;
    this.#count = next - LOCAL.address;
  }

  declarations(): readonly { readonly type: ValueType; readonly count: number }[] {
    return [{ type: I32, count: I32_LOCALS }, { type: I64, count: this.#count }];
  }

  /** Local of guest register 1..31. */
  of(register: number): number {
    const local = this.#ofRegister[register];
    if (local === undefined) throw new Error(`register x${register} was not counted as used`);
    return local;
  }

  push(code: Code, register: number): void {
    if (register === 0) code.i64(0);
    else code.get(this.of(register));
  }
}

