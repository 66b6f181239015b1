// Loads and stores of a guest that end at emulated devices, instruction by instruction, on every Type 1 engine.

import { describe, expect, test } from "vitest";
import { ConsoleInput } from "../../../engines/machine/devices/console-input.ts";
import { ConsoleReader } from "../../../engines/machine/devices/console.ts";
import { CSR } from "../../../engines/machine/hart/hart.ts";
import { UART_BASE } from "../../../engines/machine/layout.ts";
import { guest } from "../fixture.ts";
import { Accessor, AMOADD_W, claimOf, COMPRESSED, enableOf, load, priorityOf, SCRATCH, store, UART_IRQ } from "./accessor.ts";

const LOAD_ACCESS = 5;
const STORE_ACCESS = 7;

const accessor = (engine: "uniprocessor" | "per-core" | "smp" | "hosted"): Accessor => new Accessor(engine, [guest("accessor", { serial: true })]);

describe.each(["uniprocessor", "per-core", "smp", "hosted"] as const)("%s", (engine) => {
  test("loads extend as they should", () => {
    const guest = accessor(engine);
    guest.execute(store("sb"), SCRATCH, 0x1ffn);
    expect(guest.execute(load("lbu"), SCRATCH, -1n)).toBe(0xffn);
    expect(guest.execute(load("lb"), SCRATCH)).toBe(-1n);
    expect(guest.advanced).toBe(4);
    guest.write(enableOf(0), -1);
    expect(guest.execute(load("lw"), enableOf(0))).toBe(-2n); // source 0 does not exist
    expect(guest.execute(load("lwu"), enableOf(0), -1n)).toBe(0xffff_fffen);
  });

  test("compressed forms, which are two bytes long", () => {
    const guest = accessor(engine);
    guest.execute(COMPRESSED["c.sw"], enableOf(0), 0x1234_5678n);
    expect(guest.advanced).toBe(2);
    expect(guest.execute(COMPRESSED["c.lw"], enableOf(0))).toBe(0x1234_5678n);
    expect(guest.advanced).toBe(2);
  });

  test("an instruction that crosses a page", () => {
    const guest = accessor(engine);
    guest.execute(store("sw"), enableOf(0), 0x40n, 0xffe);
    expect(guest.advanced).toBe(0x1002);
    expect(guest.execute(load("lw"), enableOf(0), 0n, 0xffe)).toBe(0x40n);
  });

  test.each([
    ["a doubleword at the interrupt controller", load("ld"), enableOf(0), LOAD_ACCESS],
    ["a halfword at the interrupt controller", store("sh"), enableOf(0), STORE_ACCESS],
    ["a compressed doubleword", COMPRESSED["c.sd"], enableOf(0), STORE_ACCESS],
    ["a misaligned word", load("lw"), enableOf(0) + 2, LOAD_ACCESS],
    ["a word at the serial console", load("lw"), UART_BASE, LOAD_ACCESS],
    ["behind the serial console's registers", load("lb"), UART_BASE + 8, LOAD_ACCESS],
    ["an atomic operation", AMOADD_W, enableOf(0), STORE_ACCESS],
    ["a slot that holds no device", load("lw"), 0x1000_1000, LOAD_ACCESS],
    ["nowhere", store("sd"), 0x2000_0000, STORE_ACCESS],
  ] as const)("%s is an access fault", (_, word, address, cause) => {
    const guest = accessor(engine);
    expect(guest.execute(word, address, 0x5an)).toBe(0x5an);
    expect(guest.exception).toBe(cause);
    expect(guest.bench.hart(0).csrNumber(CSR.vstval)).toBe(address);
    expect(guest.bench.report().vms[0].state).toBe("running");
  });

  test("what is typed at the machine's console arrives, in order and whole, with interrupts", () => {
    const guest = accessor(engine);
    const typed = Buffer.from("the quick brown fox jumps over the lazy dog, twice over and again");
    guest.write(priorityOf(UART_IRQ), 5);
    guest.write(enableOf(0), 1 << UART_IRQ);
    guest.execute(store("sb"), UART_BASE + 1, 1n);
    expect(new ConsoleInput(guest.bench.memory).write(typed)).toBe(typed.length);
    const received: number[] = [];
    for (let round = 1; round <= 20; round++) {
      // The guest's turn ends, if a thread of a host's has been woken meanwhile.
      guest.bench.clock.set(10_000_000 * round);
      guest.bench.state(0).devices.poll(0, guest.bench.clock.now());
      guest.bench.deliver(0);
      guest.bench.clock.set(10_000_000 * round + 5_000_000);
      guest.bench.deliver(0);
      if (!guest.external()) break;
      expect(guest.read(claimOf(0))).toBe(UART_IRQ);
      while ((guest.execute(load("lbu"), UART_BASE + 5) & 1n) !== 0n) received.push(Number(guest.execute(load("lbu"), UART_BASE)));
      guest.write(claimOf(0), UART_IRQ);
    }
    expect(Buffer.from(received).toString()).toBe(typed.toString());
    expect(guest.external()).toBe(false);
  });

  test("what the serial console transmits comes out, and its interrupt is claimed and completed", () => {
    const guest = accessor(engine);
    guest.write(priorityOf(UART_IRQ), 5);
    guest.write(enableOf(0), 1 << UART_IRQ);
    expect(guest.external()).toBe(false);
    guest.execute(store("sb"), UART_BASE + 1, 2n); // the transmitter's interrupt
    expect(guest.external()).toBe(true);
    expect(guest.read(claimOf(0))).toBe(UART_IRQ);
    expect(guest.external()).toBe(false);
    expect(guest.read(claimOf(0))).toBe(0);
    expect(guest.execute(load("lbu"), UART_BASE + 2)).toBe(2n); // IIR: which ends it
    guest.write(claimOf(0), UART_IRQ);
    expect(guest.external()).toBe(false);
    guest.execute(store("sb"), UART_BASE, BigInt("A".charCodeAt(0)));
    expect(guest.external()).toBe(true);
    const written: number[] = [];
    new ConsoleReader(guest.bench.memory).drain((byte) => written.push(byte));
    expect(written).toEqual(["A".charCodeAt(0)]);
  });
});
