// S-mode programs that use devices, register by register, and leave in memory what they read.

import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "./assembler.ts";
import { CODE, RAM, RESULTS } from "./program.ts";
import { encodeCsr } from "./encode.ts";

const A0 = 10;
const A6 = 16;
const A7 = 17;
const T0 = 5;
const T1 = 6;
const T2 = 7;
/** Bytes between the PLIC's contexts of two harts: enables, then thresholds and claims. */
const HART = 8;
const RESULT = 9;
const SRST = 0x5352_5354;

export type Size = 1 | 2 | 4;
const LOAD = { 1: "lbu", 2: "lhu", 4: "lw" } as const;
const STORE = { 1: "sb", 2: "sh", 4: "sw" } as const;

export class DeviceProgram {
  readonly #assembler = new Assembler(CODE);
  #results = 0;

  constructor() {
    // a0 is the hart; whatever its number, its own context of the PLIC is meant.
    this.#assembler.op("addi", { rd: HART, rs1: A0 });
    this.#assembler.constant(RESULT, RESULTS | 0);
    this.#assembler.op("slli", { rd: RESULT, rs1: RESULT, immediate: 32 });
    this.#assembler.op("srli", { rd: RESULT, rs1: RESULT, immediate: 32 });
  }

  /** Words of results so far. */
  get results(): number {
    return this.#results;
  }

  /** `perHart` is added for each hart below this one. */
  write(address: number, size: Size, value: number, perHart = 0): void {
    this.#address(address, perHart);
    this.#assembler.constant(T0, value);
    this.#assembler.op(STORE[size], { rs1: T1, rs2: T0, immediate: 0 });
  }

  read(address: number, size: Size, perHart = 0): void {
    this.#address(address, perHart);
    this.#assembler.op(LOAD[size], { rd: T0, rs1: T1, immediate: 0 });
    this.#keep();
  }

  readCsr(csr: number): void {
    this.#assembler.raw(4, encodeCsr("csrrs", T0, csr, 0));
    this.#keep();
  }

  /** Waits until the halfword at `address` is `value`. */
  wait(address: number, value: number): void {
    const again = new Label();
    this.#address(address, 0);
    this.#assembler.constant(T2, value);
    this.#assembler.bind(again);
    this.#assembler.op("lhu", { rd: T0, rs1: T1, immediate: 0 });
    this.#assembler.to(again, "bne", { rs1: T0, rs2: T2 });
  }

  /** Ends the program; `data` lies in RAM from the start, at its addresses. */
  finish(data: readonly { readonly address: number; readonly bytes: Uint8Array }[] = []): Uint8Array {
    const assembler = this.#assembler;
    assembler.constant(A7, SRST);
    assembler.constant(A6, 0);
    assembler.constant(A0, 0);
    assembler.constant(11, 0);
    assembler.op("ecall");
    const code = assembler.finish();
    const segment = (address: number, bytes: Uint8Array) => ({ type: SEGMENT_LOAD, rights: 7, address, bytes, memoryBytes: bytes.length, alignment: 0x1000 });
    return buildElf({ type: TYPE_EXECUTABLE, entry: CODE, segments: [segment(CODE, code), ...data.map(({ address, bytes }) => segment(address, bytes))] });
  }

  #keep(): void {
    this.#assembler.op("sw", { rs1: RESULT, rs2: T0, immediate: 0 });
    this.#assembler.op("addi", { rd: RESULT, rs1: RESULT, immediate: 4 });
    this.#results++;
  }

  /** t1 = an address, which lui would extend with its sign. */
  #address(address: number, perHart: number): void {
    const assembler = this.#assembler;
    assembler.constant(T1, address | 0);
    if (address >= RAM) {
      assembler.op("slli", { rd: T1, rs1: T1, immediate: 32 });
      assembler.op("srli", { rd: T1, rs1: T1, immediate: 32 });
    }
    if (perHart === 0) return;
    assembler.constant(T0, perHart);
    assembler.op("mul", { rd: T0, rs1: T0, rs2: HART });
    assembler.op("add", { rd: T1, rs1: T1, rs2: T0 });
  }
}
