// Guests that execute one load or store at a time, on an engine that the test drives.

import { ENGINES } from "../../../engines/engines.ts";
import type { EngineName, VirtualMachine } from "../../../engines/engine.ts";
import { CSR } from "../../../engines/machine/hart/hart.ts";
import { HART, PLIC_BASE, RAM_BASE, UART_BASE } from "../../../engines/machine/layout.ts";
import { EngineBench } from "../fixture.ts";

const LOAD_FAULT = 21;
const STORE_FAULT = 23;
const EXTERNAL = 1 << 9;
const PC = HART.pc >> 2;
const BASE = 8; // s0, which compressed forms reach
const DATA = 9; // s1
const CODE = 0x1000;

export const UART_IRQ = 10;
export const priorityOf = (source: number): number => PLIC_BASE + 4 * source;
export const enableOf = (vcpu: number): number => PLIC_BASE + 0x2080 + 0x100 * vcpu;
export const claimOf = (vcpu: number): number => PLIC_BASE + 0x20_1004 + 0x2000 * vcpu;
export const SCRATCH = UART_BASE + 7;

const LOAD = { lb: 0, lh: 1, lw: 2, ld: 3, lbu: 4, lhu: 5, lwu: 6 } as const;
const STORE = { sb: 0, sh: 1, sw: 2, sd: 3 } as const;
export const load = (name: keyof typeof LOAD): number => (BASE << 15) | (LOAD[name] << 12) | (DATA << 7) | 0x03;
export const store = (name: keyof typeof STORE): number => (DATA << 20) | (BASE << 15) | (STORE[name] << 12) | 0x23;
/** rs1' = s0, rd' or rs2' = s1. */
export const COMPRESSED = { "c.lw": 0x4004, "c.ld": 0x6004, "c.sw": 0xc004, "c.sd": 0xe004 } as const;
export const AMOADD_W = (DATA << 20) | (BASE << 15) | (2 << 12) | (DATA << 7) | 0x2f;

export class Accessor {
  readonly bench: EngineBench;

  constructor(engine: EngineName, vms: readonly VirtualMachine[], settings: ConstructorParameters<typeof EngineBench>[2] = {}) {
    this.bench = new EngineBench(ENGINES[engine], vms, settings);
  }

  /** Host offset of the RAM of the guest on hart `id`. */
  ram(id = 0): number {
    return this.bench.state(id).block[HART.ramOffset >> 2] >>> 0;
  }

  /** The guest on hart `id` executes `word` with the value in its data register; answers that register, as 64 bits.
   *  `at`: of the instruction, beyond CODE. */
  execute(word: number, address: number, value = 0n, at = 0, id = 0): bigint {
    const { bench } = this;
    const hart = bench.hart(id);
    const { block } = bench.state(id);
    const bytes = new DataView(bench.memory.wasm.buffer);
    const code = this.ram(id) + CODE + at;
    bytes.setUint16(code, word & 0xffff, true);
    if ((word & 3) === 3) bytes.setUint16(code + 2, word >>> 16, true);
    block[PC] = (RAM_BASE + CODE + at) | 0;
    block[PC + 1] = 0;
    hart.setX(DATA, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    const isStore = (word & 3) === 3 ? (word & 0x20) !== 0 : (word & 0x8000) !== 0;
    bench.raise(id, isStore ? STORE_FAULT : LOAD_FAULT, address);
    return (BigInt(hart.xHigh(DATA)) << 32n) | BigInt(hart.xLow(DATA) >>> 0);
  }

  /** How far behind CODE the guest on hart 0 goes on. */
  get advanced(): number {
    return (this.bench.state(0).block[PC] >>> 0) - (RAM_BASE + CODE);
  }

  write(address: number, value: number, id = 0): void {
    this.execute(store("sw"), address, BigInt(value), 0, id);
  }

  read(address: number, id = 0): number {
    return Number(BigInt.asIntN(32, this.execute(load("lw"), address, 0n, 0, id)));
  }

  /** Whether the guest on hart `id` sees an external interrupt. */
  external(id = 0): boolean {
    return (this.bench.hart(id).csrLow(CSR.vsip) & EXTERNAL) !== 0;
  }

  /** The last exception that the guest on hart 0 has been given. */
  get exception(): number {
    return this.bench.hart(0).csrNumber(CSR.vscause);
  }
}
