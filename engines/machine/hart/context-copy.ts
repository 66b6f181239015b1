// The copying of a world switch, as two straight-line WebAssembly functions: 64 bits at a time, which in
// TypeScript would take twice as many moves.

import { HART } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { Code } from "../wasm/code.ts";
import { encodeModule } from "../wasm/module.ts";
import { I32 } from "../wasm/opcodes.ts";
import { CONTEXT } from "./context.ts";
import { BANK, BANK_WORDS, UNBANKED, UNBANKED_WORDS } from "./csr-slots.ts";

/** Host offsets: of a context, of a hart block, and of the guest's bank of registers in that block. */
export type ContextMove = (context: number, block: number, bank: number) => void;

export interface ContextCopy {
  /** x1..x31, the bank and the unbanked registers, from the hart to the context. */
  readonly save: ContextMove;
  /** The same, from the context to the hart. */
  readonly load: ContextMove;
}

const WASM_PAGE = 0x1_0000;
const PARAMETER = { context: 0, block: 1, bank: 2 } as const;
const REGISTER_BYTES = 8;
const GENERAL = 31;

export function contextCopy(memory: PhysicalMemory): ContextCopy {
  const define = (exportName: string, toContext: boolean) => ({ exportName, type: 0, locals: [], body: moves(toContext) });
  const bytes = encodeModule({
    types: [{ parameters: [I32, I32, I32], results: [] }],
    imports: [],
    memoryPages: memory.wasm.buffer.byteLength / WASM_PAGE,
    functions: [define("save", true), define("load", false)],
  });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { memory: memory.wasm, table } });
  return { save: exports["save"] as ContextMove, load: exports["load"] as ContextMove };
}

function moves(toContext: boolean): Uint8Array {
  const code = new Code();
  const move = (inContext: number, place: number, inPlace: number, registers: number): void => {
    for (let register = 0; register < registers; register++) {
      const [target, at, source, from] = toContext
        ? [PARAMETER.context, inContext, place, inPlace]
        : [place, inPlace, PARAMETER.context, inContext];
      code.get(target);
      code.get(source);
      code.access("i64.load", from + REGISTER_BYTES * register);
      code.access("i64.store", at + REGISTER_BYTES * register);
    }
  };
  move(CONTEXT.x + REGISTER_BYTES, PARAMETER.block, HART.x + REGISTER_BYTES, GENERAL);
  move(CONTEXT.status, PARAMETER.bank, 4 * BANK.status, BANK_WORDS / 2);
  move(CONTEXT.scounteren, PARAMETER.block, 4 * UNBANKED, UNBANKED_WORDS / 2);
  code.end();
  return code.bytes();
}
