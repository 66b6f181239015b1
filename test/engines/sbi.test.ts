import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { ConsoleInput } from "../../engines/machine/devices/console-input.ts";
import { ConsoleReader } from "../../engines/machine/devices/console.ts";
import { FIRMWARE_BYTES, HART, RAM_BASE } from "../../engines/machine/layout.ts";
import { physical } from "../../engines/machine/address.ts";
import { EngineBench, guest, MEMORY_BYTES } from "./fixture.ts";

const BASE = 0x10;
const TIMER = 0x5449_4d45;
const INTERRUPT = 0x73_5049;
const HART_STATE = 0x48_534d;
const RESET = 0x5352_5354;
const FENCE = 0x5246_4e43;
const CONSOLE = 0x4442_434e;
const VENDOR = 0x0854_4342;
const NOT_SUPPORTED = -2;
const INVALID_PARAMETER = -3;
const INVALID_ADDRESS = -5;
const LOOPBACK = { name: "self", ends: [0, 0] as const, windowBytes: 0x1000 };
const TIMER_PENDING = 1 << 5;
const SOFTWARE_PENDING = 1 << 1;

const engines = Object.values(ENGINES);

describe.each(engines.map((engine) => [engine.name, engine] as const))("%s answers", (_name, engine) => {
  const make = (): EngineBench => new EngineBench(engine, [guest("only")], { channels: [LOOPBACK] });
  const sip = engine.mode === "hypervisor" ? CSR.vsip : CSR.sip;
  const ram = engine.mode === "hypervisor" ? RAM_BASE : RAM_BASE + FIRMWARE_BYTES;

  test("BASE, and -2 for what it does not know, keeping all registers but a0 and a1", () => {
    const bench = make();
    const { hart } = { hart: bench.hart(0) };
    for (let register = 1; register < 32; register++) hart.setX(register, register, -register);
    const before = bench.state(0).block.slice(HART.pc >> 2, (HART.pc >> 2) + 2);
    expect(bench.call(0, BASE, 0)).toEqual({ error: 0, value: 2 << 24 });
    expect(bench.state(0).block[HART.pc >> 2]).toBe(before[0] + 4);
    for (let register = 1; register < 32; register++) {
      if ([10, 11, 16, 17].includes(register)) continue;
      expect([hart.xLow(register), hart.xHigh(register)]).toEqual([register, -register]);
    }
    expect([hart.xHigh(10), hart.xHigh(11)]).toEqual([0, 0]);
    for (const [probed, value] of [[TIMER, 1], [VENDOR, 1], [FENCE, 1], [0x8, 1], [0x3, 1], [0x9, 0], [0x1234_5678, 0]]) {
      expect(bench.call(0, BASE, 3, probed)).toEqual({ error: 0, value });
    }
    expect(bench.call(0, BASE, 7).error).toBe(NOT_SUPPORTED);
    expect(bench.call(0, 0x1234_5678, 0)).toEqual({ error: NOT_SUPPORTED, value: 0 });
    expect(hart.xHigh(10)).toBe(-1);
  });

  test("TIME: the interrupt comes at the deadline, and goes when the timer is set again", () => {
    const bench = make();
    bench.clock.set(1000);
    expect(bench.call(0, TIMER, 0, 1500).error).toBe(0);
    bench.clock.set(1499);
    bench.deliver(0);
    expect(bench.hart(0).csrLow(sip) & TIMER_PENDING).toBe(0);
    bench.clock.set(1500);
    bench.deliver(0);
    expect(bench.hart(0).csrLow(sip) & TIMER_PENDING).toBe(TIMER_PENDING);
    bench.call(0, TIMER, 0, 2 ** 53);
    expect(bench.hart(0).csrLow(sip) & TIMER_PENDING).toBe(0);
    bench.pass(50_000_000, 1_000_000);
    expect(bench.hart(0).csrLow(sip) & TIMER_PENDING).toBe(0);
  });

  test("legacy calls, which leave a1 alone", () => {
    const bench = make();
    bench.hart(0).setX(11, 77, 0);
    bench.call(0, 0, 0, 1500);
    expect(bench.hart(0).xLow(11)).toBe(77);
    expect(bench.call(0, 2, 0).error).toBe(-1);
    bench.call(0, 1, 0, 0x41);
    let text = "";
    new ConsoleReader(bench.memory).drain((byte, source) => { text += `${source}:${String.fromCharCode(byte)}`; });
    expect(text).toBe("0:A");
    bench.call(0, 8, 0);
    expect(bench.report().vms[0]).toMatchObject({ state: "finished", reason: "it shut down" });
    expect(bench.idles(0)).toBe(true);
  });

  test("console writes only out of the guest's own memory", () => {
    const bench = make();
    const text = new TextEncoder().encode("hello");
    bench.memory.u8.set(text, bench.memory.offset(physical(RAM_BASE + FIRMWARE_BYTES + 0x1_0000)));
    expect(bench.call(0, CONSOLE, 0, text.length, ram + 0x1_0000, 0)).toEqual({ error: 0, value: text.length });
    let seen = "";
    new ConsoleReader(bench.memory).drain((byte) => { seen += String.fromCharCode(byte); });
    expect(seen).toBe("hello");
    expect(bench.call(0, CONSOLE, 0, 1, ram + MEMORY_BYTES, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, CONSOLE, 0, 2, ram + MEMORY_BYTES - 1, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, CONSOLE, 0, 1, ram - 1, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, CONSOLE, 0, 1, ram, 1).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, CONSOLE, 2, 0x42).error).toBe(0);
    expect(bench.call(0, CONSOLE, 1, 8, ram, 0)).toEqual({ error: 0, value: 0 });
    expect(bench.call(0, CONSOLE, 1, 8, ram + MEMORY_BYTES - 7, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, CONSOLE, 3, 1, ram, 0).error).toBe(NOT_SUPPORTED);
  });

  test("console reads what was typed, as much as there is and fits", () => {
    const bench = make();
    const read = (): string => new TextDecoder().decode(bench.memory.u8.slice(
      bench.memory.offset(physical(RAM_BASE + FIRMWARE_BYTES + 0x1_0000)), bench.memory.offset(physical(RAM_BASE + FIRMWARE_BYTES + 0x1_0003))));
    new ConsoleInput(bench.memory).write(new TextEncoder().encode("abcde"));
    expect(bench.call(0, 2, 0).error).toBe("a".charCodeAt(0));
    expect(bench.call(0, CONSOLE, 1, 3, ram + 0x1_0000, 0)).toEqual({ error: 0, value: 3 });
    expect(read()).toBe("bcd");
    expect(bench.call(0, CONSOLE, 1, 3, ram + 0x1_0000, 0)).toEqual({ error: 0, value: 1 });
    expect(read()).toBe("ecd");
    expect(bench.call(0, CONSOLE, 1, 3, ram + 0x1_0000, 0)).toEqual({ error: 0, value: 0 });
    expect(bench.call(0, 2, 0).error).toBe(-1);
  });

  test("units: a page of the guest's own, which the report gives as a physical address", () => {
    const bench = make();
    expect(bench.call(0, VENDOR, 0, ram + 0x1_0008).error).toBe(INVALID_ADDRESS);
    expect(bench.call(0, VENDOR, 0, ram + MEMORY_BYTES).error).toBe(INVALID_ADDRESS);
    expect(bench.call(0, VENDOR, 0, ram - 0x1000).error).toBe(INVALID_ADDRESS);
    expect(bench.report().vms[0].unitsPage).toBe(0);
    expect(bench.call(0, VENDOR, 0, ram + 0x1_0000).error).toBe(0);
    expect(bench.report().vms[0].unitsPage).toBe(RAM_BASE + FIRMWARE_BYTES + 0x1_0000);
  });

  test("its own doorbell", () => {
    const bench = make();
    expect(bench.call(0, VENDOR, 1, 1).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, VENDOR, 1, 2 ** 40).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 0 });
    expect(bench.hasSoftwareInterrupt(0)).toBe(false);
    expect(bench.call(0, VENDOR, 1, 0)).toEqual({ error: 0, value: 0 });
    expect(bench.hasSoftwareInterrupt(0)).toBe(true);
    expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 1 });
    expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 0 });
  });

  test("interrupts to itself by mask and base", () => {
    const bench = make();
    const pending = (): number => bench.hart(0).csrLow(sip) & SOFTWARE_PENDING;
    for (const [mask, base] of [[2, 0], [3, 0], [1, 1], [0, 1], [2 ** 32, 0], [1, 2 ** 40]]) {
      expect(bench.call(0, INTERRUPT, 0, mask, base).error).toBe(INVALID_PARAMETER);
    }
    expect(bench.call(0, INTERRUPT, 0, 0, 0).error).toBe(0);
    expect(pending()).toBe(0);
    expect(bench.call(0, INTERRUPT, 0, 1, 0).error).toBe(0);
    expect(pending()).toBe(SOFTWARE_PENDING);
    bench.hart(0).clearCsrBits(sip, SOFTWARE_PENDING);
    bench.hart(0).setX(10, 0, 0);
    bench.call(0, INTERRUPT, 0, 0, -1);
    expect(pending()).toBe(SOFTWARE_PENDING);
  });

  test("hart state, yield and reset types", () => {
    const bench = make();
    expect(bench.call(0, HART_STATE, 2, 0)).toEqual({ error: 0, value: 0 });
    expect(bench.call(0, HART_STATE, 2, 1).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, HART_STATE, 0, 0, ram, 0).error).toBe(-6);
    expect(bench.call(0, HART_STATE, 0, 1, ram, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.call(0, HART_STATE, 4, 0).error).toBe(NOT_SUPPORTED);
    expect(bench.call(0, VENDOR, 3)).toEqual({ error: 0, value: 0 });
    expect(bench.call(0, RESET, 0, 3, 0).error).toBe(INVALID_PARAMETER);
    expect(bench.report().vms[0].state).toBe("running");
    bench.call(0, RESET, 0, 1, 0);
    expect(bench.report().vms[0]).toMatchObject({ state: "finished", reason: "it asked for a cold reboot" });
    bench.pass(20_000_000, 1_000_000);
    expect(bench.idles(0)).toBe(true);
  });

  test("suspend waits for an interrupt that is enabled, and answers when it is over", () => {
    const bench = make();
    const sie = engine.mode === "hypervisor" ? CSR.vsie : CSR.sie;
    for (const kind of [1, 0x0fff_ffff, 0x1000_0000, 0x7fff_ffff, 0x8000_0001, 0xffff_ffff]) {
      expect(bench.call(0, HART_STATE, 3, kind, 0, 0).error).toBe(INVALID_PARAMETER);
    }
    expect(bench.call(0, HART_STATE, 3, 0x8000_0000, ram, 0).error).toBe(NOT_SUPPORTED);
    bench.hart(0).setX(20, 77, 0);
    bench.hart(0).setCsr(sie, TIMER_PENDING, 0);
    bench.call(0, TIMER, 0, 1500);
    bench.call(0, HART_STATE, 3, 0, 0, 0);
    expect(bench.idles(0)).toBe(true);
    bench.clock.set(1500);
    bench.deliver(0);
    expect(bench.idles(0)).toBe(false);
    expect([bench.hart(0).xLow(20), bench.hart(0).xLow(10), bench.hart(0).csrLow(sip) & TIMER_PENDING]).toEqual([77, 0, TIMER_PENDING]);
    // It is pending still: the next one is over at once.
    bench.call(0, HART_STATE, 3, 0, 0, 0);
    bench.deliver(0);
    expect(bench.idles(0)).toBe(false);
  });

  test("remote fences: of whom, and of which addresses", () => {
    const bench = make();
    const before = bench.flushes;
    expect(bench.call(0, FENCE, 0, 1, 0)).toEqual({ error: 0, value: 0 });
    expect(bench.flushes).toBe(before + 1);
    expect(bench.call(0, FENCE, 0, 0, -1).error).toBe(0);
    for (const operation of [0, 1, 2]) expect(bench.call(0, FENCE, operation, 2, 0, 0, 0).error).toBe(INVALID_PARAMETER);
    for (const operation of [1, 2]) {
      for (const [start, size] of [[0, 0], [0x1000, 0], [0, -1], [0x1000, -1], [-4096, 4096], [0x1000, 0x1000]]) {
        expect(bench.call(0, FENCE, operation, 1, 0, start, size).error).toBe(0);
      }
      expect(bench.call(0, FENCE, operation, 1, 0, -4096, 8192).error).toBe(INVALID_ADDRESS);
    }
    for (const operation of [3, 4, 5, 6, 7]) expect(bench.call(0, FENCE, operation, 1, 0, 0, 0, 0).error).toBe(NOT_SUPPORTED);
  });

  test("legacy masks are in the guest's memory", () => {
    const bench = make();
    const mask = ram + 0x1_0000;
    const place = (bits: number): void => bench.hart(0).memory.store(physical(RAM_BASE + FIRMWARE_BYTES + 0x1_0000), bits);
    expect(bench.call(0, 3, 0).error).toBe(0);
    place(2);
    expect(bench.call(0, 4, 0, mask).error).toBe(0);
    expect(bench.call(0, 3, 0).error).toBe(0);
    place(3);
    expect(bench.call(0, 4, 0, mask).error).toBe(0);
    expect(bench.hart(0).csrLow(sip) & SOFTWARE_PENDING).toBe(SOFTWARE_PENDING);
    expect(bench.call(0, 3, 0).error).toBe(1);
    expect(bench.hart(0).csrLow(sip) & SOFTWARE_PENDING).toBe(0);
    expect(bench.call(0, 4, 0, 0).error).toBe(0);
    expect(bench.call(0, 3, 0).error).toBe(1);
    const before = bench.flushes;
    expect(bench.call(0, 5, 0, mask).error).toBe(0);
    expect(bench.flushes).toBe(before + 1);
    expect(bench.call(0, 6, 0, mask, 0, 0).error).toBe(0);
    expect(bench.call(0, 7, 0, mask, 0, -1, 0).error).toBe(0);
    expect(bench.call(0, 6, 0, mask, -4096, 8192).error).toBe(INVALID_ADDRESS);
  });

  test("a legacy mask that cannot be read is the caller's fault, at its call", () => {
    const bench = make();
    const csrs = engine.mode === "hypervisor" ? { tvec: CSR.vstvec, epc: CSR.vsepc, cause: CSR.vscause, tval: CSR.vstval }
      : { tvec: CSR.stvec, epc: CSR.sepc, cause: CSR.scause, tval: CSR.stval };
    bench.hart(0).setCsr(csrs.tvec, ram | 0, 0);
    const pc = bench.state(0).block[HART.pc >> 2] >>> 0;
    bench.call(0, 4, 0, ram + MEMORY_BYTES);
    expect([csrs.epc, csrs.cause, csrs.tval].map((csr) => bench.hart(0).csrNumber(csr))).toEqual([pc, 5, ram + MEMORY_BYTES]);
    expect(bench.state(0).block[HART.pc >> 2] >>> 0).toBe(ram);
  });

  test("a legacy mask is at a virtual address", () => {
    const bench = make();
    const { memory } = bench.hart(0);
    const hypervisor = engine.mode === "hypervisor";
    const root = 0x1_1000;
    const at = (offset: number) => physical(RAM_BASE + FIRMWARE_BYTES + offset);
    const virtual = (offset: number): number => 0x4000_0000 + (ram - RAM_BASE) + offset;
    // Gigapage 1 is the one that RAM begins in; valid, readable, accessed.
    memory.store(at(root + 8), ((RAM_BASE / 4096) << 10) | 0x43);
    memory.store(at(0x1_0000), 1);
    bench.hart(0).setCsr(hypervisor ? CSR.vsatp : CSR.satp, (ram + root) / 4096, 8 << 28);
    bench.hart(0).setCsr(hypervisor ? CSR.vstvec : CSR.stvec, 0x4000_0000, 0);
    expect(bench.call(0, 4, 0, virtual(0x1_0000)).error).toBe(0);
    expect(bench.call(0, 3, 0).error).toBe(1);
    bench.call(0, 4, 0, 0x8000_0000 + 0x1_0000);
    expect(bench.hart(0).csrNumber(hypervisor ? CSR.vscause : CSR.scause)).toBe(13);
    expect(bench.hart(0).csrNumber(hypervisor ? CSR.vstval : CSR.stval)).toBe(0x8001_0000);
  });
});
