// A program of streams that run under random page tables, in S and U, and change them as they go. Traps are logged;
// what runs is S-mode code at its own address, or the same code where users find it.

import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import { encode, encodeCsr } from "./encode.ts";
import { PAGE_BYTES, PAGE_COUNT, PAGES, PageTables, STATE, USER_ALIAS } from "./page-tables.ts";
import { randomPagedItem, type PagedItem } from "./paged-items.ts";
import { CODE, CSR } from "./program.ts";
import { Random } from "./random.ts";

const LOG = STATE + 0x4_0000;
const LOG_END = STATE + 0x1f_0000;
const LOG_ENTRY = 32;
const SATP = 0x180;
const SPP = 0x100;
const SUM_MXR = 0xc_0000;

const X0 = 0;
const LINK = 1;
/** Where the next log entry goes. */
const GP = 3;
/** Where a stream goes on after a trap. */
export const RESUME = 27;
/** The handler's own. */
const T3 = 28;
const T4 = 29;
const T6 = 31;

export interface PagedStream {
  readonly user: boolean;
  readonly root: number;
  readonly registers: readonly bigint[];
  readonly items: readonly PagedItem[];
}

export interface PagedProgram {
  readonly elf: Uint8Array;
  readonly streams: readonly PagedStream[];
}

const ROOTS = 3;

export function pagedProgram(seed: number, count: number, passes: number): PagedProgram {
  const tables = new PageTables(new Random(seed, -1), ROOTS);
  const streams = Array.from({ length: count }, (_, number): PagedStream => {
    const random = new Random(seed, number);
    const user = random.chance(1, 3);
    const root = random.between(0, ROOTS - 1);
    const registers = Array.from({ length: 32 }, () => random.value());
    return { user, root, registers, items: Array.from({ length: random.between(4, 24) }, () => randomPagedItem(random, user, tables)) };
  });
  return { elf: assemble(seed, streams, passes, tables), streams };
}

function assemble(seed: number, streams: readonly PagedStream[], passes: number, tables: PageTables): Uint8Array {
  const code = new Assembler(CODE);
  const handler = new Label();
  const finish = new Label();
  const nextPass = new Label();
  const passLabel = new Label();
  const csr = (mnemonic: Parameters<typeof encodeCsr>[0], rd: number, number: number, source: number): void =>
    code.raw(4, encodeCsr(mnemonic, rd, number, source));
  const log = new Label();
  log.address = LOG;
  code.addressOf(GP, log);
  csr("csrrwi", X0, CSR.sie, 0);
  code.addressOf(T3, handler);
  csr("csrrw", X0, CSR.stvec, T3);
  code.constant(2, passes); // x2 counts passes: streams leave it alone
  code.bind(nextPass);
  code.to(passLabel, "jal", { rd: X0 });
  emitHandler(code, handler, finish, csr);
  code.bind(passLabel);
  streams.forEach((stream, number) => {
    const after = new Label();
    const body = new Label();
    code.addressOf(T6, after);
    csr("csrrw", X0, CSR.sscratch, T6); // where `finish` goes on
    code.constant(T3, number);
    code.op("sd", { rs1: GP, rs2: T3 });
    code.op("addi", { rd: GP, rs1: GP, immediate: LOG_ENTRY });
    loadConstant(code, T3, tables.roots[stream.root]);
    csr("csrrw", X0, SATP, T3);
    code.op("sfence.vma");
    code.constant(T3, SPP | SUM_MXR);
    csr("csrrc", X0, CSR.sstatus, T3);
    code.addressOf(T4, body);
    if (stream.user) {
      code.constant(T3, USER_ALIAS);
      code.op("add", { rd: T4, rs1: T4, rs2: T3 });
    } else {
      code.constant(T3, SPP);
      csr("csrrs", X0, CSR.sstatus, T3);
    }
    csr("csrrw", X0, CSR.sepc, T4);
    code.op("addi", { rd: LINK });
    for (let register = 4; register < RESUME; register++) loadConstant(code, register, stream.registers[register]);
    code.op("sret");
    code.bind(body);
    for (const item of stream.items) emitGuarded(code, item);
    if (stream.user) code.op("ecall");
    else code.to(finish, "jal", { rd: X0 });
    code.bind(after);
  });
  code.op("addi", { rd: 2, rs1: 2, immediate: -1 });
  const done = new Label();
  code.to(done, "beq", { rs1: 2, rs2: X0 });
  code.addressOf(T3, nextPass);
  code.op("jalr", { rd: X0, rs1: T3 });
  code.bind(done);
  code.constant(17, 0x5352_5354);
  for (const register of [16, 10, 11]) code.op("addi", { rd: register });
  code.op("ecall");
  const stopped = new Label();
  code.bind(stopped);
  code.to(stopped, "jal", { rd: X0 });
  const segment = (address: number, bytes: Uint8Array) =>
    ({ type: SEGMENT_LOAD, rights: 7, address, bytes, memoryBytes: bytes.length, alignment: 16 });
  return buildElf({
    type: TYPE_EXECUTABLE, entry: CODE,
    segments: [segment(CODE, code.finish()), segment(STATE, tables.bytes), segment(PAGES, pages(seed))],
  });
}

/** An item may trap anywhere: it goes on behind itself. */
function emitGuarded(code: Assembler, item: PagedItem): void {
  const after = new Label();
  code.addressOf(RESUME, after);
  item.emit(code);
  code.bind(after);
}

type CsrEmitter = (mnemonic: Parameters<typeof encodeCsr>[0], rd: number, number: number, source: number) => void;

/** Logs scause, sepc, stval and sstatus, and resumes where the stream wants; a user's call ends its stream. */
function emitHandler(code: Assembler, handler: Label, finish: Label, csr: CsrEmitter): void {
  const resume = new Label();
  if (code.address % 4 !== 0) code.raw(2, 0x0001);
  code.bind(handler);
  for (const [index, number] of [CSR.scause, CSR.sepc, CSR.stval, CSR.sstatus].entries()) {
    csr("csrrs", T3, number, X0);
    code.op("sd", { rs1: GP, rs2: T3, immediate: 8 * index });
  }
  code.op("addi", { rd: GP, rs1: GP, immediate: LOG_ENTRY });
  csr("csrrs", T3, CSR.scause, X0);
  code.op("addi", { rd: T4, rs1: X0, immediate: 8 });
  code.to(resume, "bne", { rs1: T3, rs2: T4 });
  code.bind(finish);
  // The registers that streams use.
  for (let register = 1; register < RESUME; register++) {
    if (register === GP) continue;
    code.op("sd", { rs1: GP, rs2: register });
    code.op("addi", { rd: GP, rs1: GP, immediate: 8 });
  }
  code.op("addi", { rd: GP, rs1: GP, immediate: LOG_ENTRY - (25 * 8) % LOG_ENTRY });
  csr("csrrs", T3, CSR.sscratch, X0);
  code.op("jalr", { rd: X0, rs1: T3 });
  code.bind(resume);
  csr("csrrw", X0, CSR.sepc, RESUME);
  code.op("sret");
}

function loadConstant(code: Assembler, register: number, value: bigint): void {
  const place = new Label();
  const after = new Label();
  code.addressOf(register, place);
  code.op("ld", { rd: register, rs1: register });
  code.to(after, "jal", { rd: X0 });
  code.bind(place);
  code.raw(4, Number(BigInt.asIntN(32, value)));
  code.raw(4, Number(BigInt.asIntN(32, value >> 32n)));
  code.bind(after);
}

/** The pages' first contents: in each, functions every 32 bytes, and one instruction that goes on in whatever follows. */
function pages(seed: number): Uint8Array {
  const random = new Random(seed, -2);
  const bytes = new Uint8Array(PAGE_COUNT * PAGE_BYTES);
  const view = new DataView(bytes.buffer);
  for (let page = 0; page < PAGE_COUNT; page++) {
    const base = page * PAGE_BYTES;
    for (let at = base; at < base + PAGE_BYTES; at += 32) {
      const words = [
        encode("addi", { rd: 10, rs1: 10, immediate: random.between(-2048, 2047) }),
        encode("xori", { rd: 10, rs1: 10, immediate: random.between(-2048, 2047) }),
        random.chance(1, 3) ? encode("ld", { rd: 12, rs1: 11 }) : encode("slli", { rd: 10, rs1: 10, immediate: 1 }),
        encode("jalr", { rd: X0, rs1: LINK }),
      ];
      words.forEach((word, index) => view.setInt32(at + 4 * index, word, true));
      for (let filler = at + 16; filler < at + 32; filler += 4) view.setInt32(filler, random.bits(), true);
    }
    // The halves of an addition to x10 of which the second is the next page's, and a return behind it.
    const crossing = encode("addi", { rd: 10, rs1: 10, immediate: random.between(0, 2047) });
    view.setUint16(base + PAGE_BYTES - 2, crossing & 0xffff, true);
    view.setUint16(base, crossing >>> 16, true);
    view.setUint16(base + 2, 0x8082, true); // c.jr x1
  }
  return bytes;
}

export const PAGED_LOG = { start: LOG, end: LOG_END, entry: LOG_ENTRY } as const;
