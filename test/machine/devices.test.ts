// Loads and stores outside plain RAM: devices, holes, and accesses across the edge of a region.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { ACCESS } from "../../engines/machine/core.ts";
import { ConsoleReader, ConsoleWriter, UART_SOURCE } from "../../engines/machine/devices/console.ts";
import { DEVICE_WINDOWS } from "../../engines/machine/devices/device.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import {
  ACLINT_MSWI, ACLINT_MTIME, ACLINT_MTIMECMP, CONSOLE, CONTINUE, HART, MOVED, RAM_BASE, RAISED, RIGHT, UART_BASE,
} from "../../engines/machine/layout.ts";
import { hartBlock } from "../../engines/machine/memory.ts";
import { GUEST_AT, GUEST_BYTES, GUEST_RAM, RAM_BYTES, bench, setWide, wide, type Bench } from "./fixture.ts";

const A0 = 10;
const LOG2: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 2, 8: 3 };

function access({ imports, state }: Bench, address: number, bytes: number, flags: number): number {
  setWide(state, HART.trapValue, address);
  return imports.device(state.base, LOG2[bytes] | flags | (A0 << ACCESS.registerShift) | (4 << ACCESS.lengthShift));
}
const load = (machine: Bench, address: number, bytes: number, flags = 0): number => access(machine, address, bytes, flags);
function store(machine: Bench, address: number, bytes: number, low: number, high = 0): number {
  machine.hart.setX(A0, low, high);
  return access(machine, address, bytes, ACCESS.store);
}
const a0 = ({ hart }: Bench): [number, number] => [hart.xLow(A0), hart.xHigh(A0)];

describe("the ACLINT in the physical map", () => {
  test("msip raises and clears the software interrupt of any hart, and gets its attention", () => {
    const machine = bench("machine", undefined, 2);
    const other = hartBlock(1);
    expect(store(machine, ACLINT_MSWI + 4, 4, 1)).toBe(CONTINUE);
    expect(machine.memory.i32[(other + HART.raised) >> 2]).toBe(RAISED.machine);
    expect(machine.memory.i32[(other + HART.attention) >> 2]).not.toBe(0);
    load(machine, ACLINT_MSWI + 4, 4);
    expect(a0(machine)).toEqual([1, 0]);
    store(machine, ACLINT_MSWI + 4, 4, -2);
    expect(machine.memory.i32[(other + HART.raised) >> 2]).toBe(0);
    // Only bit 0 exists, and harts that do not exist read as zero.
    store(machine, ACLINT_MSWI + 8, 4, 1);
    load(machine, ACLINT_MSWI + 8, 4);
    expect(a0(machine)).toEqual([0, 0]);
  });
  test("mtimecmp is written whole or by halves, and is the timer of the engine itself", () => {
    const machine = bench("machine", undefined, 2);
    const { hart, clock, state } = machine;
    store(machine, ACLINT_MTIMECMP, 8, 100, 0);
    state.timers.reload();
    clock.set(99);
    expect(hart.csrLow(CSR.mip)).toBe(0);
    clock.set(100);
    expect(hart.csrLow(CSR.mip)).toBe(0x80);
    store(machine, ACLINT_MTIMECMP + 4, 4, 1);
    load(machine, ACLINT_MTIMECMP, 8);
    expect(a0(machine)).toEqual([100, 1]);
    load(machine, ACLINT_MTIMECMP + 4, 4);
    expect(a0(machine)).toEqual([1, 0]);
    state.timers.reload();
    expect(hart.csrLow(CSR.mip)).toBe(0);
  });
  test("mtime reads the time", () => {
    const machine = bench("machine");
    machine.clock.set(2 ** 33 + 5);
    load(machine, ACLINT_MTIME, 8);
    expect(a0(machine)).toEqual([5, 2]);
    load(machine, ACLINT_MTIME + 4, 4);
    expect(a0(machine)).toEqual([2, 0]);
  });
  test("other widths and places fault", () => {
    const machine = bench("machine");
    load(machine, ACLINT_MSWI, 8);
    load(machine, ACLINT_MTIMECMP, 2);
    store(machine, ACLINT_MTIME + 8, 4, 0);
    store(machine, ACLINT_MSWI + 1, 4, 0);
    expect(machine.engine.seen.map(({ cause, value }) => [cause, value])).toEqual([
      [5, ACLINT_MSWI], [5, ACLINT_MTIMECMP], [7, ACLINT_MTIME + 8], [7, ACLINT_MSWI + 1],
    ]);
  });
});

describe("the UART", () => {
  test("transmits to the console and is always ready", () => {
    const machine = bench("machine");
    for (const character of "ok\n") store(machine, UART_BASE, 1, character.charCodeAt(0));
    load(machine, UART_BASE + 5, 1);
    expect(a0(machine)).toEqual([0x60, 0]);
    const seen: [string, number][] = [];
    new ConsoleReader(machine.memory).drain((byte, source) => seen.push([String.fromCharCode(byte), source]));
    expect(seen).toEqual([["o", UART_SOURCE], ["k", UART_SOURCE], ["\n", UART_SOURCE]]);
  });
  test("has a divisor latch behind DLAB", () => {
    const machine = bench("machine");
    store(machine, UART_BASE + 3, 1, 0x83);
    store(machine, UART_BASE, 1, 0xfe);
    load(machine, UART_BASE, 1, ACCESS.unsigned);
    expect(a0(machine)).toEqual([0xfe, 0]);
    load(machine, UART_BASE, 1);
    expect(a0(machine)).toEqual([-2, -1]);
    store(machine, UART_BASE + 3, 1, 3);
    load(machine, UART_BASE, 1);
    expect(a0(machine)).toEqual([0, 0]);
    expect(new ConsoleReader(machine.memory).drain(() => {})).toBe(0);
  });
});

describe("addresses that nothing maps", () => {
  test.each([
    ["hypervisor", 21, 23], ["machine", 5, 7],
  ] as const)("fault under %s-mode software with the address", (mode, loads, stores) => {
    const machine = bench(mode);
    expect(load(machine, 0x4000_0000, 4)).toBe(MOVED);
    store(machine, 0xffff_ffff_0000_0000, 8, 0);
    store(machine, 0, 1, 0);
    expect(machine.engine.seen.map(({ cause }) => cause)).toEqual([loads, stores, stores]);
    expect(machine.engine.seen[0].value).toBe(0x4000_0000);
    expect(machine.hart.csrNumber(CSR.stval)).toBe(0);
  });
  test("LR is a load, SC and AMO are stores", () => {
    const machine = bench("hypervisor");
    access(machine, 0x4000_0000, 8, ACCESS.atomic);
    access(machine, 0x4000_0000, 8, ACCESS.atomic | ACCESS.store);
    expect(machine.engine.seen.map(({ cause }) => cause)).toEqual([21, 23]);
  });
  test("misaligned atomics fault as misaligned, wherever they are", () => {
    const machine = bench("machine");
    access(machine, RAM_BASE + 4, 8, ACCESS.atomic);
    access(machine, RAM_BASE + 2, 4, ACCESS.atomic | ACCESS.store);
    expect(machine.engine.seen.map(({ cause, value }) => [cause, value])).toEqual([[4, RAM_BASE + 4], [6, RAM_BASE + 2]]);
  });
});

describe("accesses across the end of a region", () => {
  test("fault at the first byte outside", () => {
    const hypervisor = bench("hypervisor");
    store(hypervisor, RAM_BASE + GUEST_BYTES - 3, 8, -1, -1);
    expect(hypervisor.engine.seen).toMatchObject([{ cause: 23, value: RAM_BASE + GUEST_BYTES }]);
    expect(hypervisor.hart.csrNumber(CSR.htval)).toBe((RAM_BASE + GUEST_BYTES) / 4);
    // Nothing of it was written.
    expect(hypervisor.memory.u8[hypervisor.memory.offset(GUEST_AT) + GUEST_BYTES - 3]).toBe(0);
    const machine = bench("machine");
    load(machine, RAM_BASE + RAM_BYTES - 1, 2);
    load(machine, RAM_BASE - 1, 2);
    expect(machine.engine.seen).toMatchObject([{ cause: 5, value: RAM_BASE + RAM_BYTES }, { cause: 5, value: RAM_BASE - 1 }]);
  });
  test("work where the next region begins", () => {
    const window = physical(GUEST_AT + GUEST_BYTES + 0x8000);
    const machine = bench("hypervisor", [
      GUEST_RAM,
      { base: guestPhysical(RAM_BASE + GUEST_BYTES), bytes: 0x1000, physical: window, rights: RIGHT.read | RIGHT.write },
    ]);
    expect(store(machine, RAM_BASE + GUEST_BYTES - 3, 8, 0x4433_2211, 0x8877_6655 | 0)).toBe(CONTINUE);
    const { u8 } = machine.memory;
    const end = machine.memory.offset(GUEST_AT) + GUEST_BYTES;
    expect(Array.from(u8.slice(end - 3, end + 1))).toEqual([0x11, 0x22, 0x33, 0]);
    expect(Array.from(u8.slice(machine.memory.offset(window), machine.memory.offset(window) + 6))).toEqual([0x44, 0x55, 0x66, 0x77, 0x88, 0]);
    load(machine, RAM_BASE + GUEST_BYTES - 3, 8);
    expect(a0(machine)).toEqual([0x4433_2211, 0x8877_6655 | 0]);
    load(machine, RAM_BASE + GUEST_BYTES - 1, 2);
    expect(a0(machine)).toEqual([0x4433, 0]);
    load(machine, RAM_BASE + GUEST_BYTES + 1, 4);
    expect(a0(machine)).toEqual([0x8877_6655 | 0, -1]);
    load(machine, RAM_BASE + GUEST_BYTES + 1, 4, ACCESS.unsigned);
    expect(a0(machine)).toEqual([0x8877_6655 | 0, 0]);
  });
  test("ask for every region's rights", () => {
    const machine = bench("hypervisor", [
      GUEST_RAM,
      { base: guestPhysical(0x9000_0000), bytes: 0x1000, physical: physical(GUEST_AT + GUEST_BYTES), rights: RIGHT.read },
    ]);
    expect(load(machine, 0x9000_0000, 8)).toBe(CONTINUE);
    expect(store(machine, 0x9000_0000, 8, 0)).toBe(MOVED);
    expect(machine.engine.seen).toMatchObject([{ cause: 23, value: 0x9000_0000 }]);
  });
});

test("a load into x0 reaches the device and changes nothing", () => {
  const machine = bench("machine");
  setWide(machine.state, HART.trapValue, UART_BASE + 5);
  expect(machine.imports.device(machine.state.base, 0)).toBe(CONTINUE);
  expect(wide(machine.state, HART.x)).toBe(0);
});

test("accesses of any kind to any device's window end in the device or in a fault, and leave memory alone", () => {
  const window = fc.constantFrom(...DEVICE_WINDOWS);
  const flags = fc.constantFrom(0, ACCESS.unsigned, ACCESS.store, ACCESS.store, ACCESS.atomic, ACCESS.atomic | ACCESS.store);
  const offset = fc.oneof(fc.nat(0x120), fc.nat(0x60_0000), fc.constantFrom(0x1000, 0x2000, 0x2080, 0x4000, 0xbff8, 0xfff, 0x20_0000, 0x20_1004));
  const accesses = fc.array(fc.tuple(window, offset, fc.constantFrom(1, 2, 4, 8), flags, fc.oneof(fc.nat(32), fc.integer()), fc.integer()), { maxLength: 40 });
  const machine = bench("machine", undefined, 2);
  const { memory, hart } = machine;
  const ram = (): Uint8Array => memory.u8.slice(memory.ramOffset);
  const before = ram();
  fc.assert(fc.property(accesses, (list) => {
    const answers = list.map(([{ base, bytes: size }, at, bytes, kind, low, high]) => {
      hart.setX(A0, low, high);
      return access(machine, base + (at % size), bytes, kind);
    });
    expect(answers.every((answer) => answer === CONTINUE || answer === MOVED)).toBe(true);
  }), { numRuns: 200 });
  expect(Buffer.compare(before, ram())).toBe(0);
});

describe("the console ring", () => {
  test("keeps order and sources, and counts what does not fit", () => {
    const { memory } = bench("machine");
    const writer = new ConsoleWriter(memory);
    for (let index = 0; index < CONSOLE.capacity + 5; index++) writer.write(index, index % 3);
    const reader = new ConsoleReader(memory);
    let next = 0;
    const check = (byte: number, source: number): void => {
      if (byte !== (next & 0xff) || source !== next % 3) throw new Error(`entry ${next} is ${byte} of ${source}`);
      next++;
    };
    expect(reader.drain(check)).toBe(CONSOLE.capacity);
    expect(reader.lost()).toBe(5);
    next = 7;
    writer.write(7, 1);
    expect([reader.drain(check), reader.drain(check)]).toEqual([1, 0]);
  });
});
