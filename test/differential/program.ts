// The S-mode program that runs instruction streams and leaves what each did in memory. It is a plain SBI
// guest, linked at 0x8020_0000, so that QEMU with OpenSBI runs it as our machine does.

import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import { encodeCsr, type CsrMnemonic } from "./encode.ts";

// ---- memory map -----------------------------------------------------------------------------
export const RAM = 0x8000_0000;
export const RAM_BYTES = 32 << 20;
export const CODE = 0x8020_0000;
const CODE_END = 0x805f_0000;
/** From here to the frame: stacks of streams that recurse, growing upwards. */
export const STACK = 0x805f_0000;
/** gp. The scratch buffer from here crosses a page. */
export const FRAME = 0x8060_0f00;
const TEMPLATE = 0x8060_2000;
const DESCRIPTORS = 0x8061_0000;
export const RESULTS = 0x8080_0000;

/** What streams may read and write, from gp. */
export const SCRATCH_BYTES = 512;

// ---- frame: offsets from gp ------------------------------------------------------------------
const FRAME_SLOT = {
  saved5: -8, saved6: -16, saved7: -24, result: -32, descriptor: -40, pass: -48, reservation: -56, traps: -64,
} as const;

// ---- descriptor: entry, then x1..x31; slot 0 of the registers is the mode ---------------------
const DESCRIPTOR_BYTES = 264;
const DESCRIPTOR = { registers: 0, entry: 256 } as const;

// ---- result ------------------------------------------------------------------------------------
export const RESULT = { registers: 0, csrs: 256, scratch: 320, traps: 832 } as const;
export const RESULT_BYTES = 2048;
export const MAXIMUM_TRAPS = 36;
export const TRAP_BYTES = 32;
export const RESULT_CSRS = ["sscratch", "sepc", "scause", "stval", "sstatus", "sip", "scounteren", "stvec"] as const;

export const CSR = {
  sstatus: 0x100, sie: 0x104, stvec: 0x105, scounteren: 0x106,
  sscratch: 0x140, sepc: 0x141, scause: 0x142, stval: 0x143, sip: 0x144,
} as const;
const WRITABLE_STATUS = 0xc_0122; // MXR, SUM, SPP, SPIE, SIE
const STATUS_SPP = 0x100;

export type Mode = "supervisor" | "user";

/** One stream: `emit` puts its instructions down; it may use every register but gp. */
export interface Stream {
  readonly mode: Mode;
  readonly registers: readonly bigint[];
  emit(assembler: Assembler): void;
}

export interface Program {
  readonly elf: Uint8Array;
  readonly streams: number;
  readonly passes: number;
  /** Where each stream's code begins and ends. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

const X0 = 0;
const GP = 3;
const T0 = 5;
const T1 = 6;
const T2 = 7;
const A0 = 10;
const A1 = 11;
const A6 = 16;
const A7 = 17;
const X31 = 31;

/** `shared` is code that the streams call. Every stream is run once in each pass. */
export function buildProgram(
  streams: readonly Stream[], passes: number, scratch: Uint8Array, shared: (assembler: Assembler) => void,
): Program {
  const code = new Assembler(CODE);
  const handler = new Label();
  const finish = new Label();
  emitDriver(code, handler, finish, streams.length, passes);
  emitHandler(code, handler, finish);
  shared(code);
  const ranges = streams.map((stream) => {
    const start = code.address;
    code.op("ld", { rd: X31, rs1: GP, immediate: FRAME_SLOT.saved5 });
    stream.emit(code);
    if (stream.mode === "user") code.op("ecall");
    else code.to(finish, "jal", { rd: X0 });
    return { start, end: code.address };
  });
  if (code.address > CODE_END) throw new RangeError(`${streams.length} streams do not fit the program's code`);

  const descriptors = new Uint8Array(streams.length * DESCRIPTOR_BYTES);
  const view = new DataView(descriptors.buffer);
  for (const [index, stream] of streams.entries()) {
    const at = index * DESCRIPTOR_BYTES;
    for (let register = 1; register < 32; register++) {
      view.setBigUint64(at + DESCRIPTOR.registers + 8 * register, stream.registers[register], true);
    }
    view.setBigUint64(at, stream.mode === "supervisor" ? BigInt(STATUS_SPP) : 0n, true);
    view.setBigUint64(at + DESCRIPTOR.entry, BigInt(ranges[index].start), true);
  }
  const segment = (address: number, bytes: Uint8Array) =>
    ({ type: SEGMENT_LOAD, rights: 7, address, bytes, memoryBytes: bytes.length, alignment: 16 });
  const elf = buildElf({
    type: TYPE_EXECUTABLE,
    entry: CODE,
    segments: [segment(CODE, code.finish()), segment(TEMPLATE, scratch), segment(DESCRIPTORS, descriptors)],
  });
  return { elf, streams: streams.length, passes, ranges };
}

function csr(code: Assembler, mnemonic: CsrMnemonic, rd: number, number: number, source: number): void {
  code.raw(4, encodeCsr(mnemonic, rd, number, source));
}

function emitDriver(code: Assembler, handler: Label, finish: Label, streams: number, passes: number): void {
  const frame = new Label();
  frame.address = FRAME;
  const next = new Label();
  const nextPass = new Label();
  const begin = new Label();

  code.addressOf(GP, frame);
  csr(code, "csrrwi", X0, CSR.sie, 0);
  code.constant(T0, RESULTS / 2);
  code.op("slli", { rd: T0, rs1: T0, immediate: 33 });
  code.op("srli", { rd: T0, rs1: T0, immediate: 32 });
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.result });
  code.constant(T0, passes);
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.pass });

  code.bind(nextPass);
  const descriptors = new Label();
  descriptors.address = DESCRIPTORS;
  code.addressOf(T0, descriptors);
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.descriptor });

  code.bind(begin);
  const template = new Label();
  template.address = TEMPLATE;
  emitCopy(code, () => code.addressOf(T0, template), () => code.op("addi", { rd: T1, rs1: GP }));
  code.constant(T0, WRITABLE_STATUS);
  csr(code, "csrrc", X0, CSR.sstatus, T0);
  for (const number of [CSR.sscratch, CSR.scause, CSR.stval]) csr(code, "csrrwi", X0, number, 0);
  csr(code, "csrrwi", X0, CSR.scounteren, 7);
  csr(code, "csrrci", X0, CSR.sip, 2);
  code.addressOf(T0, handler);
  csr(code, "csrrw", X0, CSR.stvec, T0);
  code.op("sd", { rs1: GP, rs2: X0, immediate: FRAME_SLOT.traps });
  // A store-conditional ends whatever reservation the last stream left.
  code.op("addi", { rd: T0, rs1: GP, immediate: FRAME_SLOT.reservation });
  code.op("sc.w", { rd: X0, rs1: T0, rs2: X0 });
  // The entry goes to sepc and the mode to sstatus.SPP; sret keeps every register. It sets SIE to SPIE, 0.
  code.op("ld", { rd: X31, rs1: GP, immediate: FRAME_SLOT.descriptor });
  code.op("ld", { rd: T0, rs1: X31, immediate: DESCRIPTOR.entry });
  csr(code, "csrrw", X0, CSR.sepc, T0);
  code.op("ld", { rd: T0, rs1: X31, immediate: DESCRIPTOR.registers });
  csr(code, "csrrs", X0, CSR.sstatus, T0);
  code.op("ld", { rd: T0, rs1: X31, immediate: DESCRIPTOR.registers + 8 * X31 });
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.saved5 });
  for (let register = 1; register < X31; register++) {
    if (register === GP) continue;
    code.op("ld", { rd: register, rs1: X31, immediate: DESCRIPTOR.registers + 8 * register });
  }
  code.op("sret");

  code.bind(finish);
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.saved5 });
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.result });
  for (let register = 1; register < 32; register++) {
    if (register !== T0) code.op("sd", { rs1: T0, rs2: register, immediate: RESULT.registers + 8 * register });
  }
  code.op("ld", { rd: T1, rs1: GP, immediate: FRAME_SLOT.saved5 });
  code.op("sd", { rs1: T0, rs2: T1, immediate: RESULT.registers + 8 * T0 });
  code.op("ld", { rd: T1, rs1: GP, immediate: FRAME_SLOT.traps });
  code.op("sd", { rs1: T0, rs2: T1, immediate: RESULT.registers });
  for (const [index, name] of RESULT_CSRS.entries()) {
    csr(code, "csrrs", T1, CSR[name], X0);
    code.op("sd", { rs1: T0, rs2: T1, immediate: RESULT.csrs + 8 * index });
  }
  emitCopy(code, () => code.op("addi", { rd: T0, rs1: GP }), () => {
    code.op("ld", { rd: T1, rs1: GP, immediate: FRAME_SLOT.result });
    code.op("addi", { rd: T1, rs1: T1, immediate: RESULT.scratch });
  });

  code.bind(next);
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.result });
  code.constant(T1, RESULT_BYTES);
  code.op("add", { rd: T0, rs1: T0, rs2: T1 });
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.result });
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.descriptor });
  code.op("addi", { rd: T0, rs1: T0, immediate: DESCRIPTOR_BYTES });
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.descriptor });
  const end = new Label();
  end.address = DESCRIPTORS + streams * DESCRIPTOR_BYTES;
  code.addressOf(T1, end);
  code.to(begin, "bltu", { rs1: T0, rs2: T1 });
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.pass });
  code.op("addi", { rd: T0, rs1: T0, immediate: -1 });
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.pass });
  code.to(nextPass, "bne", { rs1: T0, rs2: X0 });
  // SBI system reset: shutdown.
  code.constant(A7, 0x5352_5354);
  for (const register of [A6, A0, A1]) code.op("addi", { rd: register, rs1: X0, immediate: 0 });
  code.op("ecall");
  const stopped = new Label();
  code.bind(stopped);
  code.to(stopped, "jal", { rd: X0 });
}

/** Copies the scratch buffer from the address in T0 to that in T1. */
function emitCopy(code: Assembler, from: () => void, to: () => void): void {
  const again = new Label();
  from();
  to();
  code.op("addi", { rd: T2, rs1: T0, immediate: SCRATCH_BYTES });
  code.bind(again);
  code.op("ld", { rd: A0, rs1: T0 });
  code.op("sd", { rs1: T1, rs2: A0 });
  code.op("addi", { rd: T0, rs1: T0, immediate: 8 });
  code.op("addi", { rd: T1, rs1: T1, immediate: 8 });
  code.to(again, "bne", { rs1: T0, rs2: T2 });
}

/** Records scause, sepc and stval, and resumes behind the instruction; at ra after a fetch that failed. */
function emitHandler(code: Assembler, handler: Label, finish: Label): void {
  const full = new Label();
  const fetch = new Label();
  const out = new Label();
  const ended = new Label();
  const four = new Label();
  const plain = new Label();
  const CAUSE = { fetchAccess: 1, breakpoint: 3, userCall: 8, fetchPage: 12 } as const;
  // stvec is a multiple of 4.
  if (code.address % 4 !== 0) code.raw(2, 0x0001);
  code.bind(handler);
  code.op("sd", { rs1: GP, rs2: T0, immediate: FRAME_SLOT.saved5 });
  code.op("sd", { rs1: GP, rs2: T1, immediate: FRAME_SLOT.saved6 });
  code.op("sd", { rs1: GP, rs2: T2, immediate: FRAME_SLOT.saved7 });
  csr(code, "csrrs", T2, CSR.scause, X0);
  code.op("addi", { rd: T0, rs1: X0, immediate: CAUSE.userCall });
  code.to(ended, "beq", { rs1: T2, rs2: T0 });
  // For ebreak, stval may be the pc or zero (Volume II, 12.1.9): make it zero.
  code.op("addi", { rd: T0, rs1: X0, immediate: CAUSE.breakpoint });
  code.to(plain, "bne", { rs1: T2, rs2: T0 });
  csr(code, "csrrs", T0, CSR.sepc, X0);
  csr(code, "csrrs", T1, CSR.stval, X0);
  code.to(plain, "bne", { rs1: T0, rs2: T1 });
  csr(code, "csrrwi", X0, CSR.stval, 0);
  code.bind(plain);
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.traps });
  code.op("addi", { rd: T1, rs1: T0, immediate: 1 });
  code.op("sd", { rs1: GP, rs2: T1, immediate: FRAME_SLOT.traps });
  code.op("addi", { rd: T1, rs1: X0, immediate: MAXIMUM_TRAPS });
  code.to(full, "bgeu", { rs1: T0, rs2: T1 });
  code.op("slli", { rd: T0, rs1: T0, immediate: Math.log2(TRAP_BYTES) });
  code.op("ld", { rd: T1, rs1: GP, immediate: FRAME_SLOT.result });
  code.op("add", { rd: T0, rs1: T0, rs2: T1 });
  code.op("sd", { rs1: T0, rs2: T2, immediate: RESULT.traps });
  csr(code, "csrrs", T1, CSR.sepc, X0);
  code.op("sd", { rs1: T0, rs2: T1, immediate: RESULT.traps + 8 });
  csr(code, "csrrs", T1, CSR.stval, X0);
  code.op("sd", { rs1: T0, rs2: T1, immediate: RESULT.traps + 16 });
  csr(code, "csrrs", T1, CSR.sstatus, X0);
  code.op("sd", { rs1: T0, rs2: T1, immediate: RESULT.traps + 24 });
  code.bind(full);
  for (const cause of [CAUSE.fetchAccess, CAUSE.fetchPage]) {
    code.op("addi", { rd: T0, rs1: X0, immediate: cause });
    code.to(fetch, "beq", { rs1: T2, rs2: T0 });
  }
  csr(code, "csrrs", T0, CSR.sepc, X0);
  code.op("lhu", { rd: T1, rs1: T0 });
  code.op("andi", { rd: T1, rs1: T1, immediate: 3 });
  code.op("addi", { rd: T0, rs1: T0, immediate: 2 });
  code.op("addi", { rd: T2, rs1: X0, immediate: 3 });
  code.to(four, "bne", { rs1: T1, rs2: T2 });
  code.op("addi", { rd: T0, rs1: T0, immediate: 2 });
  code.bind(four);
  csr(code, "csrrw", X0, CSR.sepc, T0);
  code.bind(out);
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.saved5 });
  code.op("ld", { rd: T1, rs1: GP, immediate: FRAME_SLOT.saved6 });
  code.op("ld", { rd: T2, rs1: GP, immediate: FRAME_SLOT.saved7 });
  code.op("sret");
  code.bind(fetch);
  csr(code, "csrrw", X0, CSR.sepc, 1);
  code.to(out, "jal", { rd: X0 });
  code.bind(ended);
  code.op("ld", { rd: T0, rs1: GP, immediate: FRAME_SLOT.saved5 });
  code.op("ld", { rd: T2, rs1: GP, immediate: FRAME_SLOT.saved7 });
  code.to(finish, "jal", { rd: X0 });
}
