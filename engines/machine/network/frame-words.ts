// Copying, comparing, hashing and checking frames, 64 bits at a time at any alignment: as WebAssembly, since typed arrays over shared
// memory do so byte by byte or through a call of the host's library.

import type { PhysicalMemory } from "../memory.ts";
import { Code } from "../wasm/code.ts";
import { encodeModule } from "../wasm/module.ts";
import { I32, I64 } from "../wasm/opcodes.ts";
import { STAMP_BYTES } from "./layout.ts";

export interface FrameWords {
  /** Copies `bytes` from one host offset to another; the two do not overlap. */
  copy(target: number, source: number, bytes: number): void;
  /** 1 when the bytes at both host offsets are the same. */
  equal(left: number, right: number, bytes: number): number;
  /** 32 bits from all bytes and the seed. */
  hash(seed: number, start: number, bytes: number): number;
  /** 1 when a generated frame, as long as the original, differs from it in nothing but the stamp and what forwarding and
   *  NAT may change, and has the right IPv4 header checksum. */
  unchanged(frame: number, original: number, bytes: number): number;
}

const WASM_PAGE = 0x1_0000;
const WORD = 8;
const PARAMETER = { first: 0, second: 1, end: 2 } as const;
const SUM = 3;

/** Odd: the golden ratio's fraction, 52 bits of it. */
const MULTIPLIER = 0x9_e377_9b97_f4a7;
const HALF_BITS = 32;

/** Ethernet, IPv4 without options and UDP. */
export const GENERATED = { type: 12, ipv4: 14, protocol: 23, source: 26, destination: 30, udp: 34, udpLength: 38, payload: 42 } as const;
/** Of the 8 bytes from the type: the type, version and header length, total length; neither service nor identification. */
const FIXED_FROM_TYPE = 0xffff_00ff_ffff;
const ONES = 0xffff;

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
      { exportName: "hash", type: 1, locals: [{ type: I64, count: 1 }], body: hashBody() },
      { exportName: "unchanged", type: 1, locals: [{ type: I64, count: 1 }], body: unchangedBody() },
    ],
  });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { memory: memory.wasm, table } });
  return {
    copy: exports["copy"] as FrameWords["copy"],
    equal: exports["equal"] as FrameWords["equal"],
    hash: exports["hash"] as FrameWords["hash"],
    unchanged: exports["unchanged"] as FrameWords["unchanged"],
  };
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
  requireEqual(code);
  code.i32(1);
  code.end();
  return code.bytes();
}

/** Each word is mixed in by a multiplication, whose high half is folded into its low one. */
function hashBody(): Uint8Array {
  const code = new Code();
  const fold = (): void => {
    code.get(SUM);
    code.i64(HALF_BITS);
    code.op("i64.shr_u");
    code.get(SUM);
    code.op("i64.xor");
    code.set(SUM);
  };
  countToEnd(code);
  code.get(PARAMETER.first);
  code.op("i64.extend_i32_u");
  code.set(SUM);
  for (const [step, load] of [[WORD, "i64.load"], [1, "i64.load8_u"]] as const) {
    overWords(code, step, () => {
      code.get(PARAMETER.second);
      code.access(load);
      code.get(SUM);
      code.op("i64.xor");
      code.i64(MULTIPLIER);
      code.op("i64.mul");
      code.set(SUM);
      fold();
    });
  }
  code.get(SUM);
  code.op("i32.wrap_i64");
  code.end();
  return code.bytes();
}

function unchangedBody(): Uint8Array {
  const code = new Code();
  countToEnd(code);
  requireSame(code, "i64.load", GENERATED.type, FIXED_FROM_TYPE);
  requireSame(code, "i64.load8_u", GENERATED.protocol, 0xff);
  requireSame(code, "i64.load32_u", GENERATED.udpLength, 0xffff_ffff); // and the checksum, which is none
  requireChecksum(code);
  for (const address of [PARAMETER.first, PARAMETER.second]) move(code, address, GENERATED.payload + STAMP_BYTES);
  requireEqual(code);
  code.i32(1);
  code.end();
  return code.bytes();
}

/** Answers 0 unless the bytes at both addresses are the same, to the end. */
function requireEqual(code: Code): void {
  for (const [step, load] of [[WORD, "i64.load"], [1, "i64.load8_u"]] as const) {
    overWords(code, step, () => {
      code.get(PARAMETER.first);
      code.access(load);
      code.get(PARAMETER.second);
      code.access(load);
      code.op("i64.ne");
      refuse(code);
    });
  }
}

/** Answers 0 unless what lies at `offset` is the same in both, in the bits of `mask`. */
function requireSame(code: Code, load: "i64.load" | "i64.load32_u" | "i64.load8_u", offset: number, mask: number): void {
  code.get(PARAMETER.first);
  code.access(load, offset);
  code.get(PARAMETER.second);
  code.access(load, offset);
  code.op("i64.xor");
  code.i64(mask);
  code.op("i64.and");
  code.i64(0);
  code.op("i64.ne");
  refuse(code);
}

/** Answers 0 unless the words of the IPv4 header sum up to ones, whichever their byte order (RFC 1071, section 2). */
function requireChecksum(code: Code): void {
  for (let word: number = GENERATED.ipv4; word < GENERATED.udp; word += 4) {
    code.get(PARAMETER.first);
    code.access("i64.load32_u", word);
    if (word !== GENERATED.ipv4) code.op("i64.add");
  }
  code.set(SUM);
  for (const [mask, bits] of [[0xffff_ffff, 32], [ONES, 16], [ONES, 16], [ONES, 16]] as const) {
    code.get(SUM);
    code.i64(mask);
    code.op("i64.and");
    code.get(SUM);
    code.i64(bits);
    code.op("i64.shr_u");
    code.op("i64.add");
    code.set(SUM);
  }
  code.get(SUM);
  code.i64(ONES);
  code.op("i64.ne");
  refuse(code);
}

/** Answers 0 if the condition on the stack holds. */
function refuse(code: Code): void {
  code.if();
  code.i32(0);
  code.return();
  code.end();
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
  for (const address of [PARAMETER.first, PARAMETER.second]) move(code, address, step);
  code.br(again);
  code.end();
  code.end();
}

function move(code: Code, address: number, bytes: number): void {
  code.get(address);
  code.i32(bytes);
  code.op("i32.add");
  code.set(address);
}
