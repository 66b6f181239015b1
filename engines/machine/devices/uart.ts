// A 16550 that transmits: what is written to it goes to the console, and it is always ready for more.
// It never receives and raises no interrupt.

import { CONTROL, CONTROL_OFFSET } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { ConsoleWriter, UART_SOURCE } from "./console.ts";
import type { Device } from "./device.ts";

const REGISTERS = 8;
/** Register numbers of the 16550. */
const THR = 0;
const IER = 1;
const IIR = 2;
const LCR = 3;
const LSR = 5;
const MSR = 6;
/** LCR: registers 0 and 1 are the divisor latch. */
const DLAB = 1 << 7;
/** IIR: no interrupt pending. */
const NO_INTERRUPT = 1;
/** LSR: transmitter empty, holding register empty. */
const IDLE = 0x60;
/** Where the latch is kept, behind the registers. */
const LATCH = 8;
const FIRST_WORD = (CONTROL_OFFSET + CONTROL.uart) >> 2;

export class Uart implements Device {
  low = 0;
  high = 0;
  readonly #i32: Int32Array;
  readonly #console: ConsoleWriter;

  constructor(memory: PhysicalMemory) {
    this.#i32 = memory.i32;
    this.#console = new ConsoleWriter(memory);
  }

  read(offset: number, bytes: number): boolean {
    if (bytes !== 1 || offset >= REGISTERS) return false;
    this.low = this.#register(offset);
    this.high = 0;
    return true;
  }

  write(offset: number, bytes: number, low: number): boolean {
    if (bytes !== 1 || offset >= REGISTERS) return false;
    if (this.#latched(offset)) this.#i32[FIRST_WORD + LATCH + offset] = low & 0xff;
    else if (offset === THR) this.#console.write(low, UART_SOURCE);
    // FCR has no effect (there is no FIFO to control), LSR and MSR are read-only.
    else if (offset !== IIR && offset !== LSR && offset !== MSR) this.#i32[FIRST_WORD + offset] = low & 0xff;
    return true;
  }

  #register(offset: number): number {
    if (this.#latched(offset)) return this.#i32[FIRST_WORD + LATCH + offset];
    if (offset === IIR) return NO_INTERRUPT;
    if (offset === LSR) return IDLE;
    return offset === THR ? 0 : this.#i32[FIRST_WORD + offset];
  }

  #latched(offset: number): boolean {
    return offset <= IER && (this.#i32[FIRST_WORD + LCR] & DLAB) !== 0;
  }
}
