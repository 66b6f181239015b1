// Interrupts: order, delegation, when they are looked at, and waiting for them.

import { describe, expect, test } from "vitest";
import { hartId, ticks } from "../../engines/machine/address.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { readExitCounts } from "../../engines/machine/hart/counters.ts";
import { deliverable } from "../../engines/machine/hart/interrupts.ts";
import { STATUS, STCE_HIGH } from "../../engines/machine/hart/privileged.ts";
import { takeInterrupt } from "../../engines/machine/hart/trap.ts";
import { ATTENTION, CONTINUE, HART, LEAVE, MOVED } from "../../engines/machine/layout.ts";
import {
  ECALL, ENTRY, SRET, WFI, bench, csrrsi, csrrs, csrrw, pc, privilege, setPrivilege, virtual, type Bench,
} from "./fixture.ts";

const HANDLER = 0x8000_2000;
const A0 = 10;
const system = ({ imports, state }: Bench, word: number): number => imports.system(state.base, word);
const attention = ({ state }: Bench): number => state.i32[(state.base + HART.attention) >> 2];
const waiting = ({ state }: Bench): number => state.i32[(state.base + HART.waiting) >> 2];

/** A guest kernel with all three interrupts delegated to it and enabled, interrupts as a whole still off. */
function delegating(mode: "hypervisor" | "machine"): Bench {
  const machine = bench(mode);
  const { hart } = machine;
  if (mode === "hypervisor") {
    hart.setCsr(CSR.hideleg, 0x444, 0);
    hart.setCsr(CSR.hie, 0x444, 0);
    hart.setCsr(CSR.vstvec, HANDLER | 1, 0);
  } else {
    hart.setCsr(CSR.mideleg, 0x222, 0);
    hart.setCsr(CSR.sie, 0x222, 0);
    hart.setCsr(CSR.stvec, HANDLER | 1, 0);
  }
  return machine;
}

describe.each([
  ["hypervisor", CSR.hvip, 1, CSR.vsstatus, CSR.vscause],
  ["machine", CSR.mip, 0, CSR.sstatus, CSR.scause],
] as const)("a guest's interrupts under %s-mode software", (mode, pending, shift, status, cause) => {
  const raise = ({ hart }: Bench, bits: number): void => hart.setCsrBits(pending, bits << shift);

  test("wait for sstatus.SIE in S-mode, not in U-mode", () => {
    const machine = delegating(mode);
    raise(machine, 0x20);
    expect(deliverable(machine.state)).toBe(0);
    setPrivilege(machine.state, 0);
    expect(deliverable(machine.state)).toBe(5);
    setPrivilege(machine.state, 1);
    machine.hart.setCsr(status, STATUS.SIE, 0);
    expect(deliverable(machine.state)).toBe(5);
  });

  test("are taken right after the write that enables them, vectored, with sepc behind it", () => {
    const machine = delegating(mode);
    const { hart, state } = machine;
    raise(machine, 0x20);
    expect(system(machine, csrrsi(A0, CSR.sstatus, 2))).toBe(MOVED);
    expect([pc(state), privilege(state)]).toEqual([HANDLER + 4 * 5, 1]);
    expect([hart.csrLow(cause), hart.csrHigh(cause)]).toEqual([5, 0x8000_0000 | 0]);
    expect(hart.csrLow(status)).toBe(STATUS.SPIE | STATUS.SPP);
    expect(hart.xLow(A0) & STATUS.SIE).toBe(0);
    expect(readExitCounts(machine.memory, 0).total).toBe(0);
  });

  test("come in the order external, software, timer", () => {
    const machine = delegating(mode);
    const { hart, state } = machine;
    hart.setCsr(status, STATUS.SIE, 0);
    raise(machine, 0x222);
    const order: number[] = [];
    for (let taken = 0; taken < 3; taken++) {
      const code = deliverable(state);
      order.push(code);
      hart.clearCsrBits(pending, (1 << code) << shift);
    }
    expect(order).toEqual([9, 1, 5]);
  });

  test("are taken after the sret that enables them", () => {
    const machine = delegating(mode);
    const { hart, state } = machine;
    raise(machine, 2);
    hart.setCsr(status, STATUS.SPIE, 0); // to U, where they are always enabled
    hart.setCsr(mode === "hypervisor" ? CSR.vsepc : CSR.sepc, 0x8000_0700, 0);
    expect(system(machine, SRET)).toBe(MOVED);
    expect([pc(state), privilege(state)]).toEqual([HANDLER + 4, 1]);
    expect(hart.csrNumber(mode === "hypervisor" ? CSR.vsepc : CSR.sepc)).toBe(0x8000_0700);
    expect(hart.csrLow(status) & STATUS.SPP).toBe(0);
  });

  test("that are not enabled one by one are not taken", () => {
    const machine = delegating(mode);
    const { hart } = machine;
    hart.setCsr(status, STATUS.SIE, 0);
    hart.setX(A0, 0x200, 0);
    system(machine, csrrw(0, CSR.sie, A0));
    raise(machine, 0x22);
    expect(deliverable(machine.state)).toBe(0);
    hart.setX(A0, 0x20, 0);
    expect(system(machine, csrrs(0, CSR.sie, A0))).toBe(MOVED);
    expect(hart.csrLow(cause)).toBe(5);
  });

  test("are taken on return from the engine that raises them", () => {
    const machine = delegating(mode);
    const { hart, state, engine } = machine;
    hart.setCsr(status, STATUS.SIE, 0);
    engine.handle = () => { raise(machine, 0x20); hart.advance(); };
    expect(system(machine, ECALL)).toBe(MOVED);
    expect(pc(state)).toBe(HANDLER + 4 * 5);
    expect(hart.csrNumber(mode === "hypervisor" ? CSR.vsepc : CSR.sepc)).toBe(ENTRY + 4);
  });

  test("finish wfi at once when pending and enabled, whatever sstatus.SIE", () => {
    const machine = delegating(mode);
    raise(machine, 0x20);
    expect(system(machine, WFI)).toBe(CONTINUE);
    machine.hart.setCsr(status, STATUS.SIE, 0);
    expect(system(machine, WFI)).toBe(MOVED);
    expect(pc(machine.state)).toBe(HANDLER + 4 * 5);
  });

  test("are what wfi waits for otherwise", () => {
    const machine = delegating(mode);
    expect(system(machine, WFI)).toBe(LEAVE);
    expect([waiting(machine), pc(machine.state)]).toEqual([1, ENTRY + 4]);
  });
});

describe("the engine's own interrupts", () => {
  test("come first, whatever the guest has masked", () => {
    const machine = delegating("hypervisor");
    const { hart, state, clock, engine } = machine;
    hart.setCsr(CSR.sie, 0x22, 0);
    hart.setCsr(CSR.hvip, 0x40, 0);
    hart.setCsr(CSR.vsstatus, STATUS.SIE, 0);
    hart.setTimer(ticks(50));
    clock.set(50);
    state.timers.update(clock.time());
    engine.handle = () => {
      expect([privilege(state), virtual(state)]).toEqual([1, 0]);
      expect([hart.csrLow(CSR.scause), hart.csrHigh(CSR.scause)]).toEqual([5, 0x8000_0000 | 0]);
      hart.setTimer(ticks(Infinity));
    };
    expect(takeInterrupt(state)).toBe(MOVED);
    expect(engine.seen).toEqual([{ cause: 0x105, pc: ENTRY, value: 0 }]);
    // Then the guest's, at once.
    expect([pc(state), hart.csrNumber(CSR.vsepc)]).toEqual([HANDLER + 4 * 5, ENTRY]);
    expect(readExitCounts(machine.memory, 0).interrupts[5]).toBe(1);
  });

  test("VS interrupts that hideleg keeps go to the engine by their own numbers", () => {
    const machine = bench("hypervisor");
    const { hart, engine, state } = machine;
    hart.setCsr(CSR.hie, 0x444, 0);
    engine.handle = () => hart.clearCsrBits(CSR.hvip, 1 << (hart.trapCause() & 0xff));
    hart.setCsr(CSR.hvip, 0x444, 0);
    expect(takeInterrupt(state)).toBe(MOVED);
    expect(engine.seen.map((seen) => seen.cause)).toEqual([0x10a, 0x102, 0x106]);
  });

  test("in machine mode: software before timer, both before what is delegated", () => {
    const machine = delegating("machine");
    const { hart, state, engine, clock } = machine;
    hart.setCsr(CSR.mie, 0x2aa, 0);
    hart.setCsr(CSR.sstatus, STATUS.SIE, 0);
    hart.setCsrBits(CSR.mip, 0x20);
    hart.setTimer(ticks(10));
    hart.sendIpi(hartId(0));
    clock.set(10);
    state.timers.update(clock.time());
    engine.handle = () => {
      if (hart.trapCause() === 0x103) hart.clearIpi();
      else hart.setTimer(ticks(Infinity));
    };
    expect(takeInterrupt(state)).toBe(MOVED);
    expect(engine.seen.map((seen) => seen.cause)).toEqual([0x103, 0x107]);
    expect(pc(state)).toBe(HANDLER + 4 * 5);
  });

  test("that the engine never clears do not keep the hart from its own business", () => {
    const machine = delegating("hypervisor");
    const { hart, state, engine } = machine;
    hart.setCsr(CSR.sie, 2, 0);
    hart.sendIpi(hartId(0));
    state.i32[(state.base + HART.attention) >> 2] = 0;
    expect(takeInterrupt(state)).toBe(MOVED);
    expect(engine.seen.length).toBeLessThan(10);
    expect(attention(machine)).toBe(ATTENTION);
  });

  test("end idling, and idling goes on if the engine has nothing to enter", () => {
    const machine = delegating("hypervisor");
    const { hart, state, engine } = machine;
    hart.setCsr(CSR.sie, 2, 0);
    engine.handle = () => { hart.saveContext(CONTEXT); hart.idle(); };
    expect(system(machine, ECALL)).toBe(LEAVE);
    expect(takeInterrupt(state)).toBe(CONTINUE);
    hart.sendIpi(hartId(0));
    engine.handle = () => {
      expect(hart.csrLow(CSR.hstatus) & (1 << 7)).toBe(0); // SPV: the trap came from HS
      hart.clearIpi();
    };
    expect(takeInterrupt(state)).toBe(LEAVE);
    expect(waiting(machine)).toBe(1);
    hart.sendIpi(hartId(0));
    engine.handle = () => { hart.clearIpi(); hart.loadContext(CONTEXT); };
    expect(takeInterrupt(state)).toBe(MOVED);
    expect([waiting(machine), virtual(state), pc(state)]).toEqual([0, 1, ENTRY]);
    expect(engine.seen.map((seen) => seen.cause)).toEqual([10, 0x101, 0x101]);
  });
});
const CONTEXT = 0x8000_3000 as Parameters<Bench["hart"]["saveContext"]>[0];

describe("timers", () => {
  test("make the running slice end if they are due before it was to", () => {
    const machine = bench("hypervisor");
    const { hart, state } = machine;
    state.horizon = 1000;
    hart.setTimer(ticks(2000));
    expect(attention(machine)).toBe(0);
    hart.setTimer(ticks(500));
    expect(attention(machine)).toBe(ATTENTION);
  });
  test("stay pending until set again; a deadline in the past fires", () => {
    const machine = bench("hypervisor");
    const { hart, state, clock } = machine;
    clock.set(1000);
    hart.setTimer(ticks(0));
    expect(hart.csrLow(CSR.sip)).toBe(0x20);
    hart.setTimer(ticks(1001));
    expect(hart.csrLow(CSR.sip)).toBe(0);
    clock.set(1001);
    expect(hart.csrLow(CSR.sip)).toBe(0x20);
    expect(hart.csrLow(CSR.sip)).toBe(0x20);
    hart.setTimer(ticks(2 ** 33));
    expect([hart.csrLow(CSR.stimecmp), hart.csrHigh(CSR.stimecmp)]).toEqual([0, 2]);
    expect(hart.csrLow(CSR.sip)).toBe(0);
    expect(state.timers.next).toBe(2 ** 33);
  });
  test("vstimecmp compares with time plus htimedelta, and only if henvcfg.STCE", () => {
    const { hart, clock } = bench("hypervisor");
    hart.setCsr(CSR.hideleg, 0x444, 0);
    hart.setCsr(CSR.htimedelta, -100, -1);
    hart.setCsr(CSR.vstimecmp, 50, 0);
    clock.set(150);
    expect(hart.csrLow(CSR.hip)).toBe(0);
    hart.setCsr(CSR.henvcfg, 0, STCE_HIGH);
    expect(hart.csrLow(CSR.hip)).toBe(0x40);
    hart.setCsr(CSR.vstimecmp, 51, 0);
    expect(hart.csrLow(CSR.hip)).toBe(0);
    clock.set(151);
    expect([hart.csrLow(CSR.hip), hart.csrLow(CSR.vsip), hart.csrLow(CSR.hvip)]).toEqual([0x40, 0x20, 0]);
  });
  test("are compared with the clock now and then while the engine handles calls in place", () => {
    const machine = bench("hypervisor");
    const { hart, engine, clock } = machine;
    hart.setCsr(CSR.sie, 0x20, 0);
    hart.setTimer(ticks(100));
    clock.set(100);
    engine.handle = () => {
      if (hart.trapCause() === 0x105) hart.setTimer(ticks(Infinity));
      else hart.advance();
    };
    for (let call = 0; call < 16; call++) system(machine, ECALL);
    expect(engine.seen.filter((seen) => seen.cause === 0x105).length).toBe(1);
  });
});
