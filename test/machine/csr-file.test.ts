// CSR instructions: WARL fields, views of shared registers, and what each form reads and writes.

import { describe, expect, test } from "vitest";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { STCE_HIGH } from "../../engines/machine/hart/privileged.ts";
import { CONTINUE, HART, RAISED } from "../../engines/machine/layout.ts";
import { bench, csrrc, csrrci, csrrs, csrrsi, csrrw, csrrwi, setWide, wide, type Bench } from "./fixture.ts";

const A0 = 10;
const A1 = 11;

function execute({ imports, state }: Bench, word: number): void {
  expect(imports.system(state.base, word)).toBe(CONTINUE);
}

/** The guest writes [low, high] to `csr` and reads back what it holds, by csrrw twice over. */
function writeAndRead(machine: Bench, csr: number, low: number, high: number): [number, number] {
  machine.hart.setX(A0, low, high);
  execute(machine, csrrw(0, csr, A0));
  return read(machine, csr);
}

function read(machine: Bench, csr: number): [number, number] {
  execute(machine, csrrs(A1, csr, 0));
  return [machine.hart.xLow(A1), machine.hart.xHigh(A1)];
}

describe.each(["hypervisor", "machine"] as const)("WARL fields a guest sees under %s-mode software", (mode) => {
  test.each([
    ["sstatus: SIE SPIE SPP SUM MXR; UXL = 2; no FS, VS, SD", CSR.sstatus, [0xc_0122, 2]],
    ["stvec: modes 0 and 1", CSR.stvec, [-3, -1]],
    ["sscratch: all", CSR.sscratch, [-1, -1]],
    ["sepc: bit 0 clear", CSR.sepc, [-2, -1]],
    ["stval: all", CSR.stval, [-1, -1]],
    ["scounteren: CY TM IR", CSR.scounteren, [7, 0]],
    ["senvcfg: FIOM", CSR.senvcfg, [1, 0]],
    ["satp: MODE 15 does not exist, the write is ignored", CSR.satp, [0, 0]],
  ] as const)("%s", (_, csr, expected) => {
    const machine = bench(mode);
    // All ones would also enable interrupts, of which none is pending.
    expect(writeAndRead(machine, csr, -1, -1)).toEqual(expected);
  });

  test("sie keeps the delegated supervisor interrupts, sip only SSIP", () => {
    const machine = bench(mode);
    if (mode === "hypervisor") machine.hart.setCsr(CSR.hideleg, -1, 0);
    else machine.hart.setCsr(CSR.mideleg, -1, 0);
    expect(writeAndRead(machine, CSR.sie, -1, -1)).toEqual([0x222, 0]);
    execute(machine, csrrwi(0, CSR.sie, 0)); // so that nothing is taken
    expect(writeAndRead(machine, CSR.sip, -1, -1)).toEqual([2, 0]);
    execute(machine, csrrci(0, CSR.sip, 2));
    expect(read(machine, CSR.sip)).toEqual([0, 0]);
  });

  test("without delegation sie and sip are zero", () => {
    const machine = bench(mode);
    expect(writeAndRead(machine, CSR.sie, -1, -1)).toEqual([0, 0]);
    expect(writeAndRead(machine, CSR.sip, -1, -1)).toEqual([0, 0]);
  });
});

describe("the six CSR instructions", () => {
  test("swap, set and clear", () => {
    const machine = bench("hypervisor");
    const { hart } = machine;
    hart.setX(A0, 0x0f0f, 0x7000_0001);
    execute(machine, csrrw(0, CSR.sscratch, A0));
    hart.setX(A0, 0x00ff, 2);
    execute(machine, csrrs(A1, CSR.sscratch, A0));
    expect([hart.xLow(A1), hart.xHigh(A1)]).toEqual([0x0f0f, 0x7000_0001]);
    expect(read(machine, CSR.sscratch)).toEqual([0x0fff, 0x7000_0003]);
    hart.setX(A0, 0x0ff0, 1);
    execute(machine, csrrc(A1, CSR.sscratch, A0));
    expect(read(machine, CSR.sscratch)).toEqual([0x000f, 0x7000_0002]);
  });
  test("immediates are five unsigned bits", () => {
    const machine = bench("hypervisor");
    execute(machine, csrrwi(A1, CSR.sscratch, 31));
    expect(read(machine, CSR.sscratch)).toEqual([31, 0]);
    execute(machine, csrrci(0, CSR.sscratch, 5));
    execute(machine, csrrsi(0, CSR.sscratch, 1));
    expect(read(machine, CSR.sscratch)).toEqual([27, 0]);
  });
  test("rd and rs1 may be the same register, and x0 stays zero", () => {
    const machine = bench("hypervisor");
    const { hart, state } = machine;
    execute(machine, csrrwi(0, CSR.sscratch, 9));
    hart.setX(A0, 4, 0);
    execute(machine, csrrw(A0, CSR.sscratch, A0));
    expect([hart.xLow(A0), ...read(machine, CSR.sscratch)]).toEqual([9, 4, 0]);
    execute(machine, csrrw(0, CSR.sscratch, 0));
    expect([hart.xLow(0), wide(state, HART.x), ...read(machine, CSR.sscratch)]).toEqual([0, 0, 0, 0]);
  });
  test("csrrs and csrrc of x0 do not write: they may read what is read-only", () => {
    const machine = bench("hypervisor");
    machine.hart.setCsr(CSR.hcounteren, 7, 0);
    machine.hart.setCsr(CSR.hedeleg, 1 << 2, 0);
    execute(machine, csrrs(A1, CSR.time, 0));
    execute(machine, csrrci(A1, CSR.time, 0));
    expect(machine.imports.system(machine.state.base, csrrw(A1, CSR.time, 0))).not.toBe(CONTINUE);
    expect(machine.hart.csrLow(CSR.vscause)).toBe(2);
  });
});

describe("a guest with V = 1", () => {
  test("writes vs* by the names of s*, and leaves HS alone", () => {
    const machine = bench("hypervisor");
    const { hart } = machine;
    writeAndRead(machine, CSR.stvec, 0x8000_4000, 0);
    writeAndRead(machine, CSR.sscratch, 77, 0);
    expect(hart.csrNumber(CSR.vstvec)).toBe(0x8000_4000);
    expect(hart.csrNumber(CSR.vsscratch)).toBe(77);
    expect([hart.csrNumber(CSR.stvec), hart.csrNumber(CSR.sscratch)]).toEqual([0, 0]);
  });
  test("sees in sip and sie what hideleg gives it of hvip and hie, shifted by one", () => {
    const machine = bench("hypervisor");
    const { hart } = machine;
    hart.setCsr(CSR.hvip, 0x444, 0);
    expect(read(machine, CSR.sip)).toEqual([0, 0]);
    hart.setCsr(CSR.hideleg, 0x440, 0);
    expect(read(machine, CSR.sip)).toEqual([0x220, 0]);
    // SSIP is not delegated: read-only zero. STIP and SEIP are read-only.
    execute(machine, csrrwi(0, CSR.sip, 0));
    expect(hart.csrLow(CSR.hvip)).toBe(0x444);
    hart.setCsr(CSR.hideleg, 0x444, 0);
    execute(machine, csrrci(0, CSR.sip, 2));
    expect(hart.csrLow(CSR.hvip)).toBe(0x440);
    expect([hart.csrLow(CSR.hip), hart.csrLow(CSR.vsip)]).toEqual([0x440, 0x220]);
    hart.setX(A0, 0x20, 0);
    hart.setCsr(CSR.hvip, 0, 0);
    execute(machine, csrrs(0, CSR.sie, A0));
    expect([hart.csrLow(CSR.hie), hart.csrLow(CSR.vsie), hart.csrLow(CSR.mie)]).toEqual([0x40, 0x20, 0x40]);
    expect(hart.csrLow(CSR.sie)).toBe(0);
  });
  test("reads time plus htimedelta, carry and all", () => {
    const machine = bench("hypervisor");
    const { hart, clock } = machine;
    hart.setCsr(CSR.hcounteren, 7, 0);
    clock.set(2 ** 32 - 1);
    expect(read(machine, CSR.time)).toEqual([-1, 0]);
    hart.setCsr(CSR.htimedelta, 2, 5);
    expect(read(machine, CSR.time)).toEqual([1, 6]);
    hart.setCsr(CSR.htimedelta, -1, -1); // -1
    expect(read(machine, CSR.time)).toEqual([-2, 0]);
  });
});

test("instret counts the instructions before the one that reads it", () => {
  const machine = bench("hypervisor");
  const { state, hart } = machine;
  hart.setCsr(CSR.hcounteren, 7, 0);
  setWide(state, HART.retired, 2 ** 33);
  state.i32[(state.base + HART.slice) >> 2] = 1000;
  state.i32[(state.base + HART.fuel) >> 2] = 999; // this is the slice's first
  expect(read(machine, CSR.instret)).toEqual([0, 2]);
  state.i32[(state.base + HART.fuel) >> 2] = 990;
  expect(read(machine, CSR.instret)).toEqual([9, 2]);
});

describe("SSIP can be set by another hart at any moment", () => {
  test("so instructions that do not name it leave it alone", () => {
    const machine = bench("machine");
    const { hart, state } = machine;
    hart.setCsr(CSR.mideleg, 0x222, 0);
    Atomics.or(state.i32, (state.base + HART.raised) >> 2, RAISED.supervisor);
    hart.clearCsrBits(CSR.mip, 1 << 5);
    hart.setCsrBits(CSR.mip, 1 << 9);
    execute(machine, csrrci(0, CSR.sip, 0x10));
    expect(hart.csrLow(CSR.mip)).toBe(0x202);
    // Even if it came between their read and their write.
    state.csrs.write(CSR.mip, 0x200, 0, 0x20);
    expect(hart.csrLow(CSR.mip)).toBe(0x202);
    execute(machine, csrrci(0, CSR.sip, 2));
    expect(hart.csrLow(CSR.mip)).toBe(0x200);
  });
});

describe("mip.STIP", () => {
  test("is the software's while menvcfg.STCE = 0, and stimecmp's otherwise", () => {
    const { hart, clock } = bench("machine");
    hart.setCsr(CSR.stimecmp, 100, 0);
    clock.set(200);
    expect(hart.csrLow(CSR.mip)).toBe(0);
    hart.setCsrBits(CSR.mip, 1 << 5);
    expect(hart.csrLow(CSR.mip)).toBe(0x20);
    hart.setCsr(CSR.menvcfg, 0, STCE_HIGH);
    hart.setCsr(CSR.stimecmp, 300, 0);
    expect(hart.csrLow(CSR.mip)).toBe(0);
    hart.setCsrBits(CSR.mip, 1 << 5);
    expect(hart.csrLow(CSR.mip)).toBe(0);
    clock.set(300);
    expect(hart.csrLow(CSR.mip)).toBe(0x20);
    hart.setCsr(CSR.stimecmp, -1, -1);
    expect(hart.csrLow(CSR.mip)).toBe(0);
  });
});

test("registers that describe the hart", () => {
  const hypervisor = bench("hypervisor", undefined, 3);
  const third = hypervisor.machine.harts()[2];
  expect(hypervisor.machine.hart(third).csrNumber(CSR.mhartid)).toBe(2);
  const IMASU = 0x14_1105;
  expect([hypervisor.hart.csrLow(CSR.misa), hypervisor.hart.csrHigh(CSR.misa)]).toEqual([IMASU | 0x80, 0x8000_0000 | 0]);
  expect(bench("machine").hart.csrLow(CSR.misa)).toBe(IMASU);
});
