// Copying and comparing frames, 64 bits at a time at any alignment: as WebAssembly, since typed arrays over shared
// memory do both byte by byte or through a call of the host's library.

import type { PhysicalMemory } from "../memory.ts";
import { Code } from "../wasm/code.ts";
import { encodeModule } from "../wasm/module.ts";
import { I32 } from "../wasm/opcodes.ts";

export interface FrameWords {
  /** Copies `bytes` from one host offset to another; the two do not overlap. */
  copy(target: number, source: number, bytes: number): void;
  /** 1 when the bytes at both host offsets are the same. */
  equal(left: number, right: number, bytes: number): number;
}

const WASM_PAGE = 0x1_0000;
const WORD = 8;
const PARAMETER = { first: 0, second: 1, end: 2 } as const;

export function frameWords(memory: PhysicalMemory): FrameWords {
  const bytes = encodeModule({
    types: [
      { parameters: [I32, I32, I32], results: [] },
      { parameters: [I32, I32, I32], results: [I32] },
    ],
    imports: [],
    memoryPages: memory.wasm.buffer.byteLength / WASM_PAGE,
    functions: [
      { exportName: "copy", type: 0, locals: [], body: copyBody() },
      { exportName: "equal", type: 1, locals: [], body: equalBody() },
    ],
  });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { memory: memory.wasm, table } });
  return { copy: exports["copy"] as FrameWords["copy"], equal: exports["equal"] as FrameWords["equal"] };
}

function copyBody(): Uint8Array {
  const code = new Code();
  countToEnd(code);
  overWords(code, WORD, () => {
    code.get(PARAMETER.first);
    code.get(PARAMETER.second);
    code.access("i64.load");
    code.access("i64.store");
  });
  overWords(code, 1, () => {
    code.get(PARAMETER.first);
    code.get(PARAMETER.second);
    code.access("i64.load8_u");
    code.access("i64.store8");
  });
  code.end();
  return code.bytes();
}

function equalBody(): Uint8Array {
  const code = new Code();
  countToEnd(code);
  for (const [step, load] of [[WORD, "i64.load"], [1, "i64.load8_u"]] as const) {
    overWords(code, step, () => {
      code.get(PARAMETER.first);
      code.access(load);
      code.get(PARAMETER.second);
      code.access(load);
      code.op("i64.ne");
      code.if();
      code.i32(0);
      code.return();
      code.end();
    });
  }
  code.i32(1);
  code.end();
  return code.bytes();
}

/** From the number of bytes to the end of `second`. */
function countToEnd(code: Code): void {
  code.get(PARAMETER.end);
  code.get(PARAMETER.second);
  code.op("i32.add");
  code.set(PARAMETER.end);
}

/** While at least `step` bytes are left: `body`, then both addresses move on. */
function overWords(code: Code, step: number, body: () => void): void {
  const done = code.block();
  const again = code.loop();
  code.get(PARAMETER.end);
  code.get(PARAMETER.second);
  code.op("i32.sub");
  code.i32(step);
  code.op("i32.lt_s");
  code.brIf(done);
  body();
  for (const address of [PARAMETER.first, PARAMETER.second]) {
    code.get(address);
    code.i32(step);
    code.op("i32.add");
    code.set(address);
  }
  code.br(again);
  code.end();
  code.end();
}
