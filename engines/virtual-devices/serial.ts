// The serial console that a guest sees: a 16550 (National Semiconductor PC16550D, table "Summary of
// Registers") whose transmitter is always ready for more.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field } from "../state/words.ts";

export const SERIAL_REGISTERS = 8;
export const FIFO_BYTES = 16;

export const SERIAL = {
  /** What was written to registers IER (1), LCR (3), MCR (4) and SCR (7), a word each; FCR in place of 2. */
  registers: 0x00,
  divisor: 0x20, // two words, behind DLAB
  emptied: 0x28, // 1: the transmitter has emptied since IIR last said so
  overrun: 0x2c, // 1: a byte was lost
  first: 0x30, // position of the oldest byte received
  received: 0x34, // bytes received and not read
  held: 0x38, // 1: the machine's own console has more than there was room for
  fifo: 0x40,
} as const;
export const SERIAL_STATE_BYTES = SERIAL.fifo + FIFO_BYTES;

export const SERIAL_DATA = 0;
const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;

const ENABLE = { received: 1, emptied: 2, lineStatus: 4 } as const;
const IDENTITY = { none: 1, emptied: 2, received: 4, lineStatus: 6, fifos: 0xc0 } as const;
const FIFO_ENABLE = 1;
const CLEAR_RECEIVER = 2;
const DLAB = 1 << 7;
const LOOPBACK = 1 << 4;
const MCR_BITS = 0x1f;
const STATUS = { ready: 1, overrun: 2, transmitter: 0x60 } as const;
/** MSR of a modem that is there: carrier, data set ready, clear to send. */
const CONNECTED = 0xb0;
const NO_BYTE = -1;

/** Reads register `offset`, with its effects. */
export function loadSerial(memory: CoreMemory, serial: PhysicalAddress, offset: number): number {
  if (isDivisor(memory, serial, offset)) return memory.load(field(serial, SERIAL.divisor + 4 * offset));
  switch (offset) {
    case SERIAL_DATA: return take(memory, serial);
    case IIR: return identify(memory, serial);
    case LSR: return lineStatus(memory, serial);
    case MSR: return modemStatus(memory.load(register(serial, MCR)));
    default: return memory.load(register(serial, offset));
  }
}

/** Writes register `offset`. Answers the byte that this transmits, or -1. */
export function storeSerial(memory: CoreMemory, serial: PhysicalAddress, offset: number, value: number): number {
  if (isDivisor(memory, serial, offset)) {
    memory.store(field(serial, SERIAL.divisor + 4 * offset), value);
    return NO_BYTE;
  }
  switch (offset) {
    case SERIAL_DATA: return transmit(memory, serial, value);
    case IER:
      // The transmitter is empty: enabling its interrupt raises it.
      if ((value & ENABLE.emptied & ~memory.load(register(serial, IER))) !== 0) memory.store(field(serial, SERIAL.emptied), 1);
      memory.store(register(serial, IER), value & 0xf);
      return NO_BYTE;
    case FCR:
      if ((value & CLEAR_RECEIVER) !== 0) memory.store(field(serial, SERIAL.received), 0);
      memory.store(register(serial, FCR), value);
      return NO_BYTE;
    case LSR:
    case MSR: return NO_BYTE; // read-only
    case MCR:
      memory.store(register(serial, MCR), value & MCR_BITS);
      return NO_BYTE;
    default:
      memory.store(register(serial, offset), value);
      return NO_BYTE;
  }
}

/** Whether there is room for a byte more. */
export function hasRoom(memory: CoreMemory, serial: PhysicalAddress): boolean {
  return memory.load(field(serial, SERIAL.received)) < FIFO_BYTES;
}

/** A byte arrives; without room it is lost. */
export function receive(memory: CoreMemory, serial: PhysicalAddress, byte: number): void {
  const received = memory.load(field(serial, SERIAL.received));
  if (received === FIFO_BYTES) return memory.store(field(serial, SERIAL.overrun), 1);
  const position = (memory.load(field(serial, SERIAL.first)) + received) % FIFO_BYTES;
  memory.storeByte(field(serial, SERIAL.fifo + position), byte);
  memory.store(field(serial, SERIAL.received), received + 1);
}

/** Whether it drives its interrupt line. */
export function interrupts(memory: CoreMemory, serial: PhysicalAddress): boolean {
  return cause(memory, serial) !== IDENTITY.none;
}

function transmit(memory: CoreMemory, serial: PhysicalAddress, byte: number): number {
  memory.store(field(serial, SERIAL.emptied), 1);
  if ((memory.load(register(serial, MCR)) & LOOPBACK) === 0) return byte;
  receive(memory, serial, byte);
  return NO_BYTE;
}

function take(memory: CoreMemory, serial: PhysicalAddress): number {
  const received = memory.load(field(serial, SERIAL.received));
  if (received === 0) return 0;
  const first = memory.load(field(serial, SERIAL.first));
  memory.store(field(serial, SERIAL.first), (first + 1) % FIFO_BYTES);
  memory.store(field(serial, SERIAL.received), received - 1);
  return memory.loadByte(field(serial, SERIAL.fifo + first));
}

/** IIR; saying that the transmitter has emptied ends that interrupt. */
function identify(memory: CoreMemory, serial: PhysicalAddress): number {
  const identity = cause(memory, serial);
  if (identity === IDENTITY.emptied) memory.store(field(serial, SERIAL.emptied), 0);
  return (memory.load(register(serial, FCR)) & FIFO_ENABLE) !== 0 ? identity | IDENTITY.fifos : identity;
}

function cause(memory: CoreMemory, serial: PhysicalAddress): number {
  const enabled = memory.load(register(serial, IER));
  if ((enabled & ENABLE.lineStatus) !== 0 && memory.load(field(serial, SERIAL.overrun)) !== 0) return IDENTITY.lineStatus;
  if ((enabled & ENABLE.received) !== 0 && memory.load(field(serial, SERIAL.received)) !== 0) return IDENTITY.received;
  return (enabled & ENABLE.emptied) !== 0 && memory.load(field(serial, SERIAL.emptied)) !== 0 ? IDENTITY.emptied : IDENTITY.none;
}

/** LSR; reading it ends an overrun. */
function lineStatus(memory: CoreMemory, serial: PhysicalAddress): number {
  let status: number = STATUS.transmitter;
  if (memory.load(field(serial, SERIAL.received)) !== 0) status |= STATUS.ready;
  if (memory.load(field(serial, SERIAL.overrun)) !== 0) status |= STATUS.overrun;
  memory.store(field(serial, SERIAL.overrun), 0);
  return status;
}

/** In loopback, MCR's DTR, RTS, OUT1 and OUT2 come back as DSR, CTS, RI and DCD. */
function modemStatus(control: number): number {
  if ((control & LOOPBACK) === 0) return CONNECTED;
  return ((control & 1) << 5) | ((control & 2) << 3) | ((control & 0xc) << 4);
}

function isDivisor(memory: CoreMemory, serial: PhysicalAddress, offset: number): boolean {
  return offset <= IER && (memory.load(register(serial, LCR)) & DLAB) !== 0;
}

function register(serial: PhysicalAddress, number: number): PhysicalAddress {
  return field(serial, SERIAL.registers + 4 * number);
}
