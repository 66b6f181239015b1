// A 16550 (National Semiconductor PC16550D): it sends at once what is written to it, and receives what is typed.

import { DEVICES, DEVICES_OFFSET, UART_IRQ } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { ConsoleSource } from "./console-input.ts";
import { ConsoleWriter, UART_SOURCE } from "./console.ts";
import type { Device } from "./device.ts";
import { lockDevice, tryLockDevice, unlockDevice } from "./device-lock.ts";
import type { Plic } from "./plic.ts";

const REGISTERS = 8;
/** Register numbers; those that differ in reading and writing, or behind DLAB, share one. */
const DATA = 0; // RBR, THR; DLL
const IER = 1; // DLM
const IIR = 2; // FCR
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

const IER_BITS = { received: 1, empty: 2, all: 0x0f } as const;
const IIR_BITS = { none: 1, empty: 2, received: 4, fifos: 0xc0 } as const;
const FCR_BITS = { enable: 1, clearReceived: 2, clearSent: 4 } as const;
/** LCR: registers 0 and 1 are the divisor latch. */
const DLAB = 1 << 7;
const MCR_BITS = { loop: 1 << 4, all: 0x1f } as const;
const LSR_BITS = { received: 1, empty: 0x60 } as const;
/** MSR: carrier, data set ready and clear to send. */
const CONNECTED = 0xb0;
const FIFO_BYTES = 16;

/** State: a word each. */
const STATE = {
  lock: 0, ier: 1, fifos: 2, lcr: 3, mcr: 4, scratch: 5, latch: 6, latchHigh: 7,
  /** Bytes of the input that are in the receiver's FIFO. */
  received: 8,
  /** 1: an interrupt is due because THR is empty. */
  emptied: 9,
  /** In loop mode, what was sent to itself: a byte with LOOPED, or 0. */
  looped: 10,
} as const;
const LOOPED = 0x100;
const FIRST = (DEVICES_OFFSET + DEVICES.uart) >> 2;

export class Uart implements Device {
  low = 0;
  readonly high = 0;
  readonly #i32: Int32Array;
  readonly #console: ConsoleWriter;
  readonly #input: ConsoleSource;
  readonly #plic: Plic;

  constructor(memory: PhysicalMemory, plic: Plic) {
    this.#i32 = memory.i32;
    this.#console = new ConsoleWriter(memory);
    this.#input = new ConsoleSource(memory);
    this.#plic = plic;
  }

  read(offset: number, bytes: number, hart: number): boolean {
    if (bytes !== 1 || offset >= REGISTERS) return false;
    this.#begin(hart);
    this.low = this.#load(offset);
    this.#end();
    return true;
  }

  write(offset: number, bytes: number, low: number, _high: number, hart: number): boolean {
    if (bytes !== 1 || offset >= REGISTERS) return false;
    this.#begin(hart);
    this.#store(offset, low & 0xff);
    this.#end();
    return true;
  }

  /** Receives what has been typed meanwhile. */
  poll(): void {
    if (this.#input.available() <= this.#get(STATE.received) || this.#get(STATE.received) >= FIFO_BYTES) return;
    if (!tryLockDevice(this.#i32, FIRST + STATE.lock)) return;
    this.#receive();
    this.#end();
  }

  #begin(hart: number): void {
    lockDevice(this.#i32, FIRST + STATE.lock);
    this.#input.setHome(hart);
    this.#receive();
  }

  #end(): void {
    const due = (this.#interrupt() & IIR_BITS.none) === 0;
    this.#plic.setLine(UART_IRQ, due);
    unlockDevice(this.#i32, FIRST + STATE.lock);
  }

  #receive(): void {
    this.#set(STATE.received, Math.min(this.#input.available(), FIFO_BYTES));
  }

  #load(register: number): number {
    switch (register) {
      case DATA: return this.#latched() ? this.#get(STATE.latch) : this.#takeReceived();
      case IER: return this.#get(this.#latched() ? STATE.latchHigh : STATE.ier);
      case IIR: return this.#identify();
      case LCR: return this.#get(STATE.lcr);
      case MCR: return this.#get(STATE.mcr);
      case LSR: return LSR_BITS.empty | (this.#hasReceived() ? LSR_BITS.received : 0);
      case MSR: return this.#modemStatus();
      default: return this.#get(STATE.scratch);
    }
  }

  #store(register: number, value: number): void {
    switch (register) {
      case DATA: return this.#latched() ? this.#set(STATE.latch, value) : this.#send(value);
      case IER: return this.#latched() ? this.#set(STATE.latchHigh, value) : this.#enable(value & IER_BITS.all);
      case IIR: return this.#control(value);
      case LCR: return this.#set(STATE.lcr, value);
      case MCR: return this.#set(STATE.mcr, value & MCR_BITS.all);
      case SCR: return this.#set(STATE.scratch, value);
      default: // LSR and MSR are read-only
    }
  }

  #send(byte: number): void {
    if (this.#loops()) this.#set(STATE.looped, LOOPED | byte);
    else this.#console.write(byte, UART_SOURCE);
    // It is sent already: the register is empty again.
    this.#set(STATE.emptied, 1);
  }

  /** Enabling the interrupt of an empty THR raises it, as THR is empty. */
  #enable(interrupts: number): void {
    if ((interrupts & ~this.#get(STATE.ier) & IER_BITS.empty) !== 0) this.#set(STATE.emptied, 1);
    this.#set(STATE.ier, interrupts);
  }

  #control(value: number): void {
    const fifos = value & FCR_BITS.enable;
    // Changing the mode clears the FIFOs too.
    const changes = fifos !== this.#get(STATE.fifos);
    if (changes || (value & FCR_BITS.clearSent) !== 0) this.#set(STATE.emptied, 1);
    if (changes || (value & FCR_BITS.clearReceived) !== 0) {
      this.#input.drop(this.#get(STATE.received));
      this.#set(STATE.received, 0);
      this.#set(STATE.looped, 0);
    }
    this.#set(STATE.fifos, fifos);
  }

  /** IIR. Reading it when it says that THR is empty is enough of an answer to that. */
  #identify(): number {
    const interrupt = this.#interrupt();
    if (interrupt === IIR_BITS.empty) this.#set(STATE.emptied, 0);
    return interrupt | (this.#get(STATE.fifos) === 0 ? 0 : IIR_BITS.fifos);
  }

  #interrupt(): number {
    const enabled = this.#get(STATE.ier);
    if ((enabled & IER_BITS.received) !== 0 && this.#hasReceived()) return IIR_BITS.received;
    return (enabled & IER_BITS.empty) !== 0 && this.#get(STATE.emptied) !== 0 ? IIR_BITS.empty : IIR_BITS.none;
  }

  #hasReceived(): boolean {
    return this.#loops() ? this.#get(STATE.looped) !== 0 : this.#get(STATE.received) !== 0;
  }

  /** RBR. */
  #takeReceived(): number {
    if (!this.#hasReceived()) return 0;
    if (this.#loops()) {
      const byte = this.#get(STATE.looped) & 0xff;
      this.#set(STATE.looped, 0);
      return byte;
    }
    const byte = this.#input.peek(0);
    this.#input.drop(1);
    this.#receive();
    return byte;
  }

  /** In loop mode MCR's outputs are MSR's inputs: DTR, RTS, OUT1, OUT2 are DSR, CTS, RI, DCD. */
  #modemStatus(): number {
    if (!this.#loops()) return CONNECTED;
    const outputs = this.#get(STATE.mcr);
    return ((outputs & 1) << 5) | ((outputs & 2) << 3) | ((outputs & 0x0c) << 4);
  }

  #loops(): boolean {
    return (this.#get(STATE.mcr) & MCR_BITS.loop) !== 0;
  }

  #latched(): boolean {
    return (this.#get(STATE.lcr) & DLAB) !== 0;
  }

  #get(field: number): number {
    return this.#i32[FIRST + field];
  }

  #set(field: number, value: number): void {
    this.#i32[FIRST + field] = value;
  }
}
