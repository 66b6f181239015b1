// The 16550's registers, as its data sheet has them and as xv6 and Linux use them.

import { describe, expect, test } from "vitest";
import { physical } from "../../engines/machine/address.ts";
import { ConsoleInput } from "../../engines/machine/devices/console-input.ts";
import { ConsoleReader } from "../../engines/machine/devices/console.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { HART, INPUT, PLIC_BASE, UART_BASE, UART_IRQ } from "../../engines/machine/layout.ts";
import { hartBlock } from "../../engines/machine/memory.ts";
import { cycles } from "../../engines/machine/address.ts";
import { bench } from "./fixture.ts";

const [DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];
const FCR = IIR;
const NONE = 1;
const EMPTY = 2;
const RECEIVED = 4;

function uart() {
  const machine = bench("machine", undefined, 2);
  const { hart, memory, state } = machine;
  hart.writeDevice(physical(PLIC_BASE + 4 * UART_IRQ), 1);
  hart.writeDevice(physical(PLIC_BASE + 0x2080), 1 << UART_IRQ);
  const input = new ConsoleInput(memory);
  return {
    ...machine,
    get: (register: number) => hart.readDevice(physical(UART_BASE + register), 1),
    set: (register: number, value: number) => hart.writeDevice(physical(UART_BASE + register), value, 1),
    type: (text: string) => { const typed = input.write(new TextEncoder().encode(text)); state.devices.poll(0, cycles(0)); return typed; },
    interrupts: () => (hart.csrLow(CSR.mip) & 0x200) !== 0,
    serve: () => { const source = hart.readDevice(physical(PLIC_BASE + 0x20_1004)); hart.writeDevice(physical(PLIC_BASE + 0x20_1004), source); return source; },
    text: () => { let text = ""; new ConsoleReader(memory).drain((byte) => { text += String.fromCharCode(byte); }); return text; },
  };
}

describe("receiving", () => {
  test("what is typed is read in order, and LSR says whether there is more", () => {
    const { get, type } = uart();
    expect([get(LSR), get(DATA)]).toEqual([0x60, 0]);
    type("ok");
    expect([get(LSR), get(DATA), get(LSR), get(DATA), get(LSR)]).toEqual([0x61, 0x6f, 0x61, 0x6b, 0x60]);
  });
  test("interrupts while there is something, if enabled", () => {
    const { get, set, type, interrupts, serve } = uart();
    type("a");
    expect([interrupts(), get(IIR)]).toEqual([false, NONE]);
    set(IER, 1);
    expect([interrupts(), get(IIR)]).toEqual([true, RECEIVED]);
    expect(serve()).toBe(UART_IRQ);
    expect(interrupts()).toBe(true); // nobody has read it
    get(DATA);
    expect([serve(), interrupts(), get(IIR)]).toEqual([UART_IRQ, false, NONE]);
    type("b");
    expect(interrupts()).toBe(true);
  });
  test("takes more than its FIFO holds, as that empties", () => {
    const { get, type } = uart();
    const text = "0123456789abcdefghijklmnopqrstuvwxyz";
    type(text);
    let read = "";
    while ((get(LSR) & 1) !== 0) read += String.fromCharCode(get(DATA));
    expect(read).toBe(text);
  });
  test("wakes the hart that used it last, and takes no more than there is room for", () => {
    const { memory, get, type } = uart();
    get(LSR);
    const attention = (hartBlock(0) + HART.attention) >> 2;
    memory.i32[attention] = 0;
    expect(type("x".repeat(INPUT.capacity + 1))).toBe(INPUT.capacity);
    expect(memory.i32[attention]).not.toBe(0);
    get(DATA);
    expect(type("yz")).toBe(1);
  });
});

describe("sending", () => {
  test("the empty register interrupts when that is enabled, until IIR says so, and after each byte", () => {
    const { get, set, text, interrupts, serve } = uart();
    set(IER, 2);
    expect([interrupts(), get(IIR), get(IIR)]).toEqual([true, EMPTY, NONE]);
    expect([serve(), interrupts()]).toEqual([UART_IRQ, false]);
    set(DATA, 0x68);
    expect([interrupts(), get(IIR), text()]).toEqual([true, EMPTY, "h"]);
    serve();
    set(IER, 2); // enabled already
    expect([interrupts(), get(IIR)]).toEqual([false, NONE]);
    set(IER, 0);
    set(IER, 2);
    expect(get(IIR)).toBe(EMPTY);
  });
  test("received data comes first in IIR", () => {
    const { get, set, type } = uart();
    set(IER, 3);
    type("q");
    expect([get(IIR), get(DATA), get(IIR)]).toEqual([RECEIVED, 0x71, EMPTY]);
  });
});

test("FCR enables the FIFOs, which IIR shows, and clears what was received", () => {
  const { get, set, type } = uart();
  set(FCR, 1);
  expect(get(IIR)).toBe(NONE | 0xc0);
  type("lost");
  set(FCR, 3);
  expect(get(LSR)).toBe(0x60);
  type("kept");
  set(FCR, 1);
  expect(get(DATA)).toBe(0x6b);
});

test("the divisor latch, the line, modem and scratch registers keep what is written", () => {
  const { get, set, text } = uart();
  set(LCR, 0x83);
  set(DATA, 0x12);
  set(IER, 0x34);
  expect([get(DATA), get(IER), get(LCR)]).toEqual([0x12, 0x34, 0x83]);
  set(LCR, 3);
  set(IER, 0xff);
  set(SCR, 0xa5);
  set(MCR, 0xef);
  set(LSR, 0);
  set(MSR, 0);
  expect([get(IER), get(SCR), get(MCR), get(LSR), get(MSR), text()]).toEqual([0x0f, 0xa5, 0x0f, 0x60, 0xb0, ""]);
});

test("in loop mode the modem's outputs are its inputs, and what is sent is received", () => {
  const { get, set, text } = uart();
  set(MCR, 0x1a); // as Linux's probe does
  expect(get(MSR) & 0xf0).toBe(0x90);
  set(MCR, 0x15);
  expect(get(MSR) & 0xf0).toBe(0x60);
  set(DATA, 0x55);
  expect([get(LSR), get(DATA), get(LSR), text()]).toEqual([0x61, 0x55, 0x60, ""]);
});

test("only bytes reach it", () => {
  const { hart } = uart();
  hart.writeDevice(physical(UART_BASE + SCR), 0x77);
  expect([hart.readDevice(physical(UART_BASE + SCR)), hart.readDevice(physical(UART_BASE + SCR), 1)]).toEqual([0, 0]);
});
