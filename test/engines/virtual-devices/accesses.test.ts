// Loads and stores of a guest that end at emulated devices, instruction by instruction, on every Type 1 engine.

import { describe, expect, test } from "vitest";
import { ENGINES } from "../../../engines/engines.ts";
import { physical } from "../../../engines/machine/address.ts";
import { ConsoleReader } from "../../../engines/machine/devices/console.ts";
import { CSR } from "../../../engines/machine/hart/hart.ts";
import { HART, PLIC_BASE, RAM_BASE, UART_BASE } from "../../../engines/machine/layout.ts";
import { EngineBench, guest } from "../fixture.ts";

const LOAD_FAULT = 21;
const STORE_FAULT = 23;
const LOAD_ACCESS = 5;
const STORE_ACCESS = 7;
const EXTERNAL = 1 << 9;
const UART_IRQ = 10;
const PC = HART.pc >> 2;
const BASE = 8; // s0, which compressed forms reach
const DATA = 9; // s1

const PRIORITY = PLIC_BASE + 4 * UART_IRQ;
const ENABLE = PLIC_BASE + 0x2080;
const CLAIM = PLIC_BASE + 0x20_1004;
const SCRATCH = UART_BASE + 7;

const LOAD = { lb: 0, lh: 1, lw: 2, ld: 3, lbu: 4, lhu: 5, lwu: 6 } as const;
const STORE = { sb: 0, sh: 1, sw: 2, sd: 3 } as const;
const load = (name: keyof typeof LOAD): number => (BASE << 15) | (LOAD[name] << 12) | (DATA << 7) | 0x03;
const store = (name: keyof typeof STORE): number => (DATA << 20) | (BASE << 15) | (STORE[name] << 12) | 0x23;
/** rs1' = s0, rd' or rs2' = s1. */
const COMPRESSED = { "c.lw": 0x4004, "c.ld": 0x6004, "c.sw": 0xc004, "c.sd": 0xe004 } as const;
const AMOADD_W = (DATA << 20) | (BASE << 15) | (2 << 12) | (DATA << 7) | 0x2f;

/** A guest that executes one load or store at a time. */
class Accessor {
  readonly bench: EngineBench;
  readonly #code: number;

  constructor(engine: "uniprocessor" | "per-core" | "smp") {
    this.bench = new EngineBench(ENGINES[engine], [guest("accessor", { serial: true })]);
    this.#code = this.bench.memory.offset(physical(this.bench.report().vms[0].memory + 0x1000));
  }

  /** Executes `word` with the value in its data register; answers that register, as 64 bits. */
  execute(word: number, address: number, value = 0n, at = 0): bigint {
    const { bench } = this;
    const hart = bench.hart(0);
    const { block } = bench.state(0);
    const bytes = new DataView(bench.memory.wasm.buffer);
    bytes.setUint16(this.#code + at, word & 0xffff, true);
    if ((word & 3) === 3) bytes.setUint16(this.#code + at + 2, word >>> 16, true);
    block[PC] = (RAM_BASE + 0x1000 + at) | 0;
    block[PC + 1] = 0;
    hart.setX(DATA, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    const isStore = (word & 3) === 3 ? (word & 0x20) !== 0 : (word & 0x8000) !== 0;
    bench.raise(0, isStore ? STORE_FAULT : LOAD_FAULT, address);
    return (BigInt(hart.xHigh(DATA)) << 32n) | BigInt(hart.xLow(DATA) >>> 0);
  }

  get advanced(): number {
    return (this.bench.state(0).block[PC] >>> 0) - (RAM_BASE + 0x1000);
  }

  write(address: number, value: number): void {
    this.execute(store("sw"), address, BigInt(value));
    if (this.advanced !== 4) throw new Error(`no word can be written at ${address.toString(16)}`);
  }

  read(address: number): number {
    return Number(this.execute(load("lw"), address));
  }

  get external(): boolean {
    return (this.bench.hart(0).csrLow(CSR.vsip) & EXTERNAL) !== 0;
  }

  /** The exception that the guest has been given, if it is at its vector. */
  get exception(): number {
    return this.bench.hart(0).csrNumber(CSR.vscause);
  }
}

describe.each(["uniprocessor", "per-core", "smp"] as const)("%s", (engine) => {
  test("loads extend as they should", () => {
    const guest = new Accessor(engine);
    guest.execute(store("sb"), SCRATCH, 0x1ffn);
    expect(guest.execute(load("lbu"), SCRATCH, -1n)).toBe(0xffn);
    expect(guest.execute(load("lb"), SCRATCH)).toBe(-1n);
    expect(guest.advanced).toBe(4);
    guest.write(ENABLE, -1);
    expect(guest.execute(load("lw"), ENABLE)).toBe(-2n); // source 0 does not exist
    expect(guest.execute(load("lwu"), ENABLE, -1n)).toBe(0xffff_fffen);
  });

  test("compressed forms, which are two bytes long", () => {
    const guest = new Accessor(engine);
    guest.execute(COMPRESSED["c.sw"], ENABLE, 0x1234_5678n);
    expect(guest.advanced).toBe(2);
    expect(guest.execute(COMPRESSED["c.lw"], ENABLE)).toBe(0x1234_5678n);
    expect(guest.advanced).toBe(2);
  });

  test("an instruction that crosses a page", () => {
    const guest = new Accessor(engine);
    guest.execute(store("sw"), ENABLE, 0x40n, 0xffe);
    expect(guest.advanced).toBe(0x1002);
    expect(guest.execute(load("lw"), ENABLE, 0n, 0xffe)).toBe(0x40n);
  });

  test.each([
    ["a doubleword at the interrupt controller", load("ld"), ENABLE, LOAD_ACCESS],
    ["a halfword at the interrupt controller", store("sh"), ENABLE, STORE_ACCESS],
    ["a compressed doubleword", COMPRESSED["c.sd"], ENABLE, STORE_ACCESS],
    ["a misaligned word", load("lw"), ENABLE + 2, LOAD_ACCESS],
    ["a word at the serial console", load("lw"), UART_BASE, LOAD_ACCESS],
    ["behind the serial console's registers", load("lb"), UART_BASE + 8, LOAD_ACCESS],
    ["an atomic operation", AMOADD_W, ENABLE, STORE_ACCESS],
    ["a slot that holds no device", load("lw"), 0x1000_1000, LOAD_ACCESS],
    ["nowhere", store("sd"), 0x2000_0000, STORE_ACCESS],
  ] as const)("%s is an access fault", (_, word, address, cause) => {
    const guest = new Accessor(engine);
    expect(guest.execute(word, address, 0x5an)).toBe(0x5an);
    expect(guest.exception).toBe(cause);
    expect(guest.bench.hart(0).csrNumber(CSR.vstval)).toBe(address);
    expect(guest.bench.report().vms[0].state).toBe("running");
  });

  test("what the serial console transmits comes out, and its interrupt is claimed and completed", () => {
    const guest = new Accessor(engine);
    guest.write(PRIORITY, 5);
    guest.write(ENABLE, 1 << UART_IRQ);
    expect(guest.external).toBe(false);
    guest.execute(store("sb"), UART_BASE + 1, 2n); // the transmitter's interrupt
    expect(guest.external).toBe(true);
    expect(guest.read(CLAIM)).toBe(UART_IRQ);
    expect(guest.external).toBe(false);
    expect(guest.read(CLAIM)).toBe(0);
    expect(guest.execute(load("lbu"), UART_BASE + 2)).toBe(2n); // IIR: which ends it
    guest.write(CLAIM, UART_IRQ);
    expect(guest.external).toBe(false);
    guest.execute(store("sb"), UART_BASE, BigInt("A".charCodeAt(0)));
    expect(guest.external).toBe(true);
    const written: number[] = [];
    new ConsoleReader(guest.bench.memory).drain((byte) => written.push(byte));
    expect(written).toEqual(["A".charCodeAt(0)]);
  });
});
