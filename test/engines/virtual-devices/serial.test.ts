// The 16550 that guests see, register by register (PC16550D data sheet).

import { beforeEach, describe, expect, test } from "vitest";
import { physical } from "../../../engines/machine/address.ts";
import { CoreMemory } from "../../../engines/machine/hart/core-memory.ts";
import { RAM_BASE } from "../../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../../engines/machine/memory.ts";
import { hasRoom, interrupts, loadSerial, receive, SERIAL_STATE_BYTES, storeSerial } from "../../../engines/virtual-devices/serial.ts";

const AT = physical(RAM_BASE);
const CORE = new CoreMemory(PhysicalMemory.create(0x1_0000, 1));
const read = (register: number): number => loadSerial(CORE, AT, register);
const write = (register: number, value: number): number => storeSerial(CORE, AT, register, value);
const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];
const FCR = IIR;
const NO_BYTE = -1;

beforeEach(() => CORE.fill(AT, 0, SERIAL_STATE_BYTES));

test("is idle after reset", () => {
  expect([read(IER), read(IIR), read(LSR), read(MSR)]).toEqual([0, 1, 0x60, 0xb0]);
  expect(interrupts(CORE, AT)).toBe(false);
});

test("transmits what is written to THR, but the divisor is behind DLAB", () => {
  expect(write(DATA, 0x41)).toBe(0x41);
  write(LCR, 0x83);
  expect(write(DATA, 0x0c)).toBe(NO_BYTE);
  write(IER, 0x01);
  expect([read(DATA), read(IER)]).toEqual([0x0c, 0x01]);
  write(LCR, 0x03);
  expect(read(IER)).toBe(0);
  expect(write(DATA, 0x42)).toBe(0x42);
});

test("keeps the scratch register, and only five bits of MCR", () => {
  write(SCR, 0xa5);
  write(MCR, 0xff);
  expect([read(SCR), read(MCR)]).toEqual([0xa5, 0x1f]);
  write(LSR, 0xff);
  write(MSR, 0xff);
  expect([read(LSR), read(SCR)]).toEqual([0x60, 0xa5]);
});

describe("receives", () => {
  test("in order, with an interrupt as long as there is something", () => {
    write(IER, 1);
    for (const byte of [1, 2, 3]) receive(CORE, AT, byte);
    expect([interrupts(CORE, AT), read(IIR), read(LSR)]).toEqual([true, 4, 0x61]);
    expect([read(DATA), read(DATA), read(DATA), read(DATA)]).toEqual([1, 2, 3, 0]);
    expect([interrupts(CORE, AT), read(IIR), read(LSR)]).toEqual([false, 1, 0x60]);
  });

  test("16 bytes; the next is lost and said to be", () => {
    write(IER, 4);
    for (let byte = 0; byte < 16; byte++) {
      expect(hasRoom(CORE, AT)).toBe(true);
      receive(CORE, AT, byte);
    }
    expect(hasRoom(CORE, AT)).toBe(false);
    receive(CORE, AT, 99);
    expect([interrupts(CORE, AT), read(IIR), read(LSR), read(LSR)]).toEqual([true, 6, 0x63, 0x61]);
    for (let round = 0; round < 40; round++) {
      expect(read(DATA)).toBe(round % 256);
      receive(CORE, AT, round + 16);
    }
  });

  test("FCR empties the receiver and turns FIFOs on", () => {
    receive(CORE, AT, 1);
    write(FCR, 3);
    expect([read(LSR), read(IIR)]).toEqual([0x60, 0xc1]);
  });
});

test("the transmitter interrupts when enabled and after each byte, until IIR is read", () => {
  write(IER, 2);
  expect([interrupts(CORE, AT), read(IIR), read(IIR)]).toEqual([true, 2, 1]);
  write(IER, 2);
  expect(interrupts(CORE, AT)).toBe(false);
  write(DATA, 0x41);
  expect([interrupts(CORE, AT), read(IIR), interrupts(CORE, AT)]).toEqual([true, 2, false]);
  write(DATA, 0x41);
  write(IER, 0);
  expect(interrupts(CORE, AT)).toBe(false);
});

test("loops back", () => {
  write(MCR, 0x1a);
  expect(read(MSR) & 0xf0).toBe(0x90); // what Linux looks for: OUT2 and RTS
  expect(write(DATA, 0x5a)).toBe(NO_BYTE);
  expect(read(DATA)).toBe(0x5a);
});
