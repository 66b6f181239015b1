// Traps: where they go, what they write, and the way back.

import { describe, expect, test } from "vitest";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { readExitCounts } from "../../engines/machine/hart/counters.ts";
import { HSTATUS, STATUS } from "../../engines/machine/hart/privileged.ts";
import { CONTINUE, HART, LEAVE, MOVED } from "../../engines/machine/layout.ts";
import {
  ECALL, EBREAK, ENTRY, FENCE_I, MRET, OTHER_CONTEXT_AT, SFENCE_VMA, SRET, WFI, bench, csrrs, pc, privilege, setPc, setPrivilege,
  setWide, virtual, wide, type Bench,
} from "./fixture.ts";

const HANDLER = 0x8000_2000;
const A0 = 10;

function system({ imports, state }: Bench, word: number): number {
  return imports.system(state.base, word);
}

function trap({ imports, state }: Bench, cause: number, value: number): number {
  setWide(state, HART.trapValue, value);
  return imports.trap(state.base, cause);
}

describe("a trap into a hypervisor", () => {
  test("writes scause, sepc, stval, htval, hstatus and sstatus, and runs the engine in HS", () => {
    const machine = bench("hypervisor");
    const { engine, hart, state } = machine;
    setPc(state, 0x8000_0104);
    engine.handle = () => {
      expect([privilege(state), virtual(state)]).toEqual([1, 0]);
      expect(hart.csrLow(CSR.hstatus)).toBe(HSTATUS.SPV | HSTATUS.SPVP | HSTATUS.GVA);
      expect(hart.csrLow(CSR.sstatus) & STATUS.SPP).toBe(STATUS.SPP);
      expect(hart.csrNumber(CSR.htval)).toBe(0x9000_0004 / 4);
      expect(hart.csrNumber(CSR.htinst)).toBe(0);
    };
    expect(trap(machine, 21, 0x9000_0004)).toBe(MOVED);
    expect(engine.seen).toEqual([{ cause: 21, pc: 0x8000_0104, value: 0x9000_0004 }]);
    expect([pc(state), privilege(state), virtual(state)]).toEqual([0x8000_0104, 1, 1]);
  });
  test("from VU: SPP = SPVP = 0, and back to VU", () => {
    const machine = bench("hypervisor");
    const { engine, hart, state } = machine;
    setPrivilege(state, 0);
    engine.handle = () => {
      expect(hart.csrLow(CSR.hstatus)).toBe(HSTATUS.SPV);
      expect(hart.csrLow(CSR.sstatus) & STATUS.SPP).toBe(0);
      hart.advance();
    };
    expect(system(machine, ECALL)).toBe(MOVED);
    expect(engine.seen[0].cause).toBe(8);
    expect([pc(state), privilege(state), virtual(state)]).toEqual([ENTRY + 4, 0, 1]);
  });
  test("a fetch outside every region is an instruction guest-page fault", () => {
    const machine = bench("hypervisor");
    trap(machine, 1, 0x1234_5678);
    expect(machine.engine.seen[0]).toEqual({ cause: 20, pc: ENTRY, value: 0x1234_5678 });
    expect(machine.hart.csrNumber(CSR.htval)).toBe(0x1234_5678 / 4);
  });
  test("htval holds 64-bit addresses shifted by two", () => {
    const machine = bench("hypervisor");
    const { hart, state } = machine;
    state.i32[(state.base + HART.trapValue) >> 2] = 7;
    state.i32[(state.base + HART.trapValue + 4) >> 2] = -2;
    machine.imports.trap(state.base, 23);
    expect([hart.csrLow(CSR.htval), hart.csrHigh(CSR.htval)]).toEqual([0x8000_0001 | 0, 0x3fff_ffff]);
  });
});

describe("a trap into machine-mode software", () => {
  test("writes mcause, mepc, mtval and mstatus.MPP, and returns by mret", () => {
    const machine = bench("machine");
    const { engine, hart, state } = machine;
    engine.handle = () => {
      expect(privilege(state)).toBe(3);
      expect(hart.csrLow(CSR.mstatus) & STATUS.MPP).toBe(1 << 11);
    };
    expect(trap(machine, 5, 0x42)).toBe(MOVED);
    expect(engine.seen).toEqual([{ cause: 5, pc: ENTRY, value: 0x42 }]);
    expect([pc(state), privilege(state), virtual(state)]).toEqual([ENTRY, 1, 0]);
    expect(hart.csrLow(CSR.mstatus) & (STATUS.MPP | STATUS.MPIE)).toBe(STATUS.MPIE);
  });
  test("a fetch outside physical memory stays an access fault", () => {
    const machine = bench("machine");
    trap(machine, 1, 0x10);
    expect(machine.engine.seen[0].cause).toBe(1);
  });
});

describe.each([
  ["hypervisor", CSR.hedeleg, CSR.vsstatus, CSR.vstvec, CSR.vsepc, CSR.vscause, CSR.vstval],
  ["machine", CSR.medeleg, CSR.sstatus, CSR.stvec, CSR.sepc, CSR.scause, CSR.stval],
] as const)("delegation by %s-mode software", (mode, delegation, status, tvec, epc, cause, tval) => {
  test("takes an exception to the guest's handler without the engine", () => {
    const machine = bench(mode);
    const { engine, hart, state } = machine;
    hart.setCsr(delegation, -1, -1);
    hart.setCsr(tvec, HANDLER | 1, 0);
    hart.setCsr(status, STATUS.SIE, 0);
    setPrivilege(state, 0);
    expect(trap(machine, 13, 0xdead_beef)).toBe(MOVED);
    // Exceptions go to the base even when interrupts are vectored.
    expect([pc(state), privilege(state)]).toEqual([HANDLER, 1]);
    expect([hart.csrNumber(epc), hart.csrNumber(cause), hart.csrNumber(tval)]).toEqual([ENTRY, 13, 0xdead_beef]);
    expect(hart.csrLow(status)).toBe(STATUS.SPIE);
    expect(engine.seen).toEqual([]);
    expect(readExitCounts(machine.memory, 0).total).toBe(0);

    // From S: SPP = 1, and the interrupt enable that was clear is remembered as clear.
    trap(machine, 2, 5);
    expect(hart.csrLow(status)).toBe(STATUS.SPP);
    // sret pops it.
    expect(system(machine, SRET)).toBe(MOVED);
    expect([pc(state), privilege(state)]).toEqual([HANDLER, 1]);
    expect(hart.csrLow(status)).toBe(STATUS.SPIE);
    hart.setCsr(epc, 0x8000_0300, 0);
    system(machine, SRET);
    expect([pc(state), privilege(state)]).toEqual([0x8000_0300, 0]);
    expect(hart.csrLow(status)).toBe(STATUS.SPIE | STATUS.SIE);
  });
  test("is exception by exception", () => {
    const machine = bench(mode);
    machine.hart.setCsr(delegation, 1 << 3, 0);
    trap(machine, 2, 0);
    expect(machine.engine.seen.map((seen) => seen.cause)).toEqual([2]);
    system(machine, EBREAK);
    expect(machine.engine.seen.length).toBe(1);
    expect([machine.hart.csrNumber(cause), machine.hart.csrNumber(tval)]).toEqual([3, ENTRY]);
  });
  test("inject() delivers to the guest's handler instead of resuming", () => {
    const machine = bench(mode);
    const { engine, hart, state } = machine;
    hart.setCsr(tvec, HANDLER, 0);
    hart.setCsr(status, STATUS.SIE, 0);
    setPrivilege(state, 0);
    engine.handle = () => hart.inject(2, 0x1234, 0);
    expect(trap(machine, mode === "hypervisor" ? 22 : 2, 0x1234)).toBe(MOVED);
    expect([pc(state), privilege(state), virtual(state)]).toEqual([HANDLER, 1, mode === "hypervisor" ? 1 : 0]);
    expect([hart.csrNumber(epc), hart.csrNumber(cause), hart.csrNumber(tval)]).toEqual([ENTRY, 2, 0x1234]);
    expect(hart.csrLow(status)).toBe(STATUS.SPIE);
  });
});

describe("an environment call", () => {
  test.each([["hypervisor", 10], ["machine", 9]] as const)("to %s-mode software is handled in place", (mode, cause) => {
    const machine = bench(mode);
    const { engine, hart, state } = machine;
    engine.handle = () => {
      hart.setX(A0, 1, 2);
      hart.advance();
    };
    expect(system(machine, ECALL)).toBe(CONTINUE);
    expect(engine.seen).toEqual([{ cause, pc: ENTRY, value: 0 }]);
    expect([hart.xLow(A0), hart.xHigh(A0), pc(state), privilege(state)]).toEqual([1, 2, ENTRY, 1]);
    expect(readExitCounts(machine.memory, 0)).toMatchObject({ total: 1 });
    expect(readExitCounts(machine.memory, 0).exceptions[cause]).toBe(1);
  });
  test("advances across 4 GiB", () => {
    const machine = bench("hypervisor");
    machine.engine.handle = (hart) => hart.advance();
    setPc(machine.state, 2 ** 32 - 4);
    expect(system(machine, ECALL)).toBe(CONTINUE);
    machine.engine.handle = (hart) => { hart.advance(); hart.advance(); };
    expect(system(machine, ECALL)).toBe(MOVED);
    expect(pc(machine.state)).toBe(2 ** 32 + 4);
  });
  test("after which another guest runs is a move, even at the same pc", () => {
    const machine = bench("hypervisor");
    const { engine, hart, state } = machine;
    hart.resetContext(OTHER_CONTEXT_AT, ENTRY + 4, 0, 0);
    engine.handle = () => hart.loadContext(OTHER_CONTEXT_AT);
    expect(system(machine, ECALL)).toBe(MOVED);
    expect(pc(state)).toBe(ENTRY + 4);
  });
  test("leaves when the engine idles or halts", () => {
    const machine = bench("hypervisor");
    const { engine, hart, state } = machine;
    engine.handle = () => hart.idle();
    expect(system(machine, ECALL)).toBe(LEAVE);
    expect([state.i32[(state.base + HART.waiting) >> 2], virtual(state)]).toEqual([1, 0]);
    // A context loaded after all takes idle() back.
    engine.handle = () => { hart.idle(); hart.loadContext(OTHER_CONTEXT_AT); };
    hart.resetContext(OTHER_CONTEXT_AT, ENTRY, 0, 0);
    expect(trap(machine, 2, 0)).toBe(MOVED);
    expect(virtual(state)).toBe(1);
    const other = bench("machine");
    other.engine.handle = (it) => it.halt();
    expect(system(other, ECALL)).toBe(LEAVE);
    expect(other.state.halted).toBe(true);
  });
});

test("trapping instructions do not retire, others do", () => {
  const machine = bench("hypervisor");
  const { state, engine } = machine;
  engine.handle = (hart) => hart.advance();
  setWide(state, HART.retired, 2 ** 32);
  system(machine, ECALL);
  expect(wide(state, HART.retired)).toBe(2 ** 32 - 1);
  system(machine, csrrs(A0, CSR.sscratch, 0));
  system(machine, FENCE_I);
  expect(wide(state, HART.retired)).toBe(2 ** 32 - 1);
  trap(machine, 21, 0);
  expect(wide(state, HART.retired)).toBe(2 ** 32 - 2);
});

describe("instructions that are not a guest's to execute", () => {
  const HFENCE_VVMA = 0x2200_0073;
  const HFENCE_GVMA = 0x6200_0073;
  const HLV_W = 0x6800_4073 | (5 << 7);
  const HLVX_HU = 0x6430_4073 | (5 << 7);
  const HSV_D = 0x6e00_4073;
  const HLV_UNDEFINED = 0x6020_4073; // hlv.b has no form 2
  const cause = (machine: Bench, word: number): number => {
    machine.engine.seen.length = 0;
    const answer = system(machine, word);
    if (machine.engine.seen.length === 0) return answer === CONTINUE ? 0 : -1;
    // stval has the instruction.
    expect(machine.engine.seen[0].value).toBe((word >>> 0) % 2 ** 32);
    return machine.engine.seen[0].cause;
  };
  test.each([
    ["mret", MRET, 2, 2, 2, 2],
    ["hfence.vvma", HFENCE_VVMA, 22, 22, 2, 2],
    ["hfence.gvma", HFENCE_GVMA, 22, 22, 2, 2],
    ["hlv.w", HLV_W, 22, 22, 2, 2],
    ["hlvx.hu", HLVX_HU, 22, 22, 2, 2],
    ["hsv.d", HSV_D, 22, 22, 2, 2],
    ["hsv.d with rd", HSV_D | (1 << 7), 2, 2, 2, 2],
    ["an undefined hlv", HLV_UNDEFINED, 2, 2, 2, 2],
    ["sfence.vma with rd", SFENCE_VMA | (1 << 7), 2, 2, 2, 2],
    ["sfence.vma", SFENCE_VMA, 0, 22, 0, 2],
    ["sfence.vma a, x0", SFENCE_VMA | (3 << 15), 0, 22, 0, 2],
    ["sfence.vma x0, i", SFENCE_VMA | (3 << 20), 0, 22, 0, 2],
    ["sfence.vma a, i", SFENCE_VMA | (3 << 20) | (4 << 15), 0, 22, 0, 2],
    ["sret", SRET, -1, 22, -1, 2],
    ["wfi", WFI, -1, 22, -1, 2],
  ])("%s from VS, VU, S and U", (_, word, vs, vu, s, u) => {
    const inMode = (mode: "hypervisor" | "machine", user: boolean): number => {
      const machine = bench(mode);
      if (user) setPrivilege(machine.state, 0);
      return cause(machine, word);
    };
    expect([inMode("hypervisor", false), inMode("hypervisor", true), inMode("machine", false), inMode("machine", true)])
      .toEqual([vs, vu, s, u]);
  });
  test("hstatus and mstatus take sret, sfence.vma and wfi away", () => {
    const hypervisor = bench("hypervisor");
    hypervisor.hart.setCsrBits(CSR.hstatus, HSTATUS.VTSR | HSTATUS.VTVM | HSTATUS.VTW);
    expect([SRET, SFENCE_VMA, WFI].map((word) => cause(hypervisor, word))).toEqual([22, 22, 22]);
    const machine = bench("machine");
    machine.hart.setCsrBits(CSR.mstatus, STATUS.TSR | STATUS.TVM | STATUS.TW);
    expect([SRET, SFENCE_VMA, WFI].map((word) => cause(machine, word))).toEqual([2, 2, 2]);
  });
});

test("fence.i drops translations and dispatches again", () => {
  const machine = bench("hypervisor");
  expect(system(machine, FENCE_I)).toBe(MOVED);
  expect([machine.core.flushes, pc(machine.state)]).toEqual([1, ENTRY + 4]);
});

test("trap returns drop the reservation", () => {
  const machine = bench("hypervisor");
  const { state } = machine;
  setWide(state, HART.reservation, 4096);
  machine.engine.handle = (hart) => hart.advance();
  system(machine, ECALL);
  expect(state.i32[(state.base + HART.reservation) >> 2]).toBe(-1);
  setWide(state, HART.reservation, 4096);
  system(machine, SRET);
  expect(state.i32[(state.base + HART.reservation) >> 2]).toBe(-1);
});
