// Who may use which CSR: RISC-V Privileged, "CSR Address Mapping Conventions", and the list of virtual-instruction
// cases in the "H" extension's "Trap Cause Codes".

import { describe, expect, test } from "vitest";
import { csrFault } from "../../engines/machine/hart/csr-access.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { HSTATUS, STATUS, STCE_HIGH } from "../../engines/machine/hart/privileged.ts";
import { bench, setPrivilege, type Bench } from "./fixture.ts";

const READ = false;
const WRITE = true;
const OK = 0;
const ILLEGAL = 2;
const VIRTUAL = 22;

const S_REGISTERS = [
  CSR.sstatus, CSR.sie, CSR.stvec, CSR.scounteren, CSR.senvcfg, CSR.sscratch, CSR.sepc, CSR.scause, CSR.stval, CSR.sip, CSR.satp,
];
const VS_REGISTERS = [
  CSR.vsstatus, CSR.vsie, CSR.vstvec, CSR.vsscratch, CSR.vsepc, CSR.vscause, CSR.vstval, CSR.vsip, CSR.vstimecmp, CSR.vsatp,
];
const H_REGISTERS = [
  CSR.hstatus, CSR.hedeleg, CSR.hideleg, CSR.hie, CSR.htimedelta, CSR.hcounteren, CSR.hgeie, CSR.henvcfg, CSR.htval, CSR.hip,
  CSR.hvip, CSR.htinst, CSR.hgatp,
];
const M_REGISTERS = [
  CSR.mstatus, CSR.misa, CSR.medeleg, CSR.mideleg, CSR.mie, CSR.mcounteren, CSR.menvcfg, CSR.mepc, CSR.mcause, CSR.mtval,
  CSR.mip, CSR.mvendorid, CSR.marchid, CSR.mimpid, CSR.mhartid,
];
const COUNTERS = [CSR.cycle, CSR.time, CSR.instret];
/** fcsr, vstart, hpmcounter3, mcycle, pmpcfg0, dcsr, sedeleg (of the withdrawn N extension), an M number with no register. */
const ABSENT = [0x003, 0x008, 0xc03, 0xb00, 0x3a0, 0x7b0, 0x103, 0x3ff, 0x5ff];

function expectAll(bench: Bench, csrs: readonly number[], writes: boolean, fault: number): void {
  for (const csr of csrs) {
    expect({ csr: csr.toString(16), fault: csrFault(bench.state, csr, writes) }).toEqual({ csr: csr.toString(16), fault });
  }
}

describe("in VS-mode", () => {
  test("supervisor registers are its own", () => {
    const machine = bench("hypervisor");
    expectAll(machine, S_REGISTERS, READ, OK);
    expectAll(machine, S_REGISTERS, WRITE, OK);
  });
  test("hypervisor and VS registers are virtual instructions", () => {
    const machine = bench("hypervisor");
    for (const writes of [READ, WRITE]) expectAll(machine, [...VS_REGISTERS, ...H_REGISTERS], writes, VIRTUAL);
    expectAll(machine, [CSR.hgeip], READ, VIRTUAL);
    // Not even HS-mode writes a read-only register.
    expectAll(machine, [CSR.hgeip], WRITE, ILLEGAL);
  });
  test("machine registers and registers that do not exist are illegal", () => {
    const machine = bench("hypervisor");
    for (const writes of [READ, WRITE]) expectAll(machine, [...M_REGISTERS, ...ABSENT], writes, ILLEGAL);
  });
  test("counters need hcounteren, and are never written", () => {
    const machine = bench("hypervisor");
    expectAll(machine, COUNTERS, READ, VIRTUAL);
    machine.hart.setCsr(CSR.hcounteren, 2, 0);
    expectAll(machine, [CSR.time], READ, OK);
    expectAll(machine, [CSR.cycle, CSR.instret], READ, VIRTUAL);
    expectAll(machine, COUNTERS, WRITE, ILLEGAL);
    machine.hart.setCsr(CSR.mcounteren, 5, 0);
    expectAll(machine, [CSR.time], READ, ILLEGAL);
  });
  test("VTVM takes satp away", () => {
    const machine = bench("hypervisor");
    machine.hart.setCsrBits(CSR.hstatus, HSTATUS.VTVM);
    expectAll(machine, [CSR.satp], READ, VIRTUAL);
    expectAll(machine, [CSR.sstatus], READ, OK);
  });
  test("stimecmp needs STCE and TM at both levels", () => {
    const machine = bench("hypervisor");
    const { hart } = machine;
    expectAll(machine, [CSR.stimecmp], READ, VIRTUAL);
    hart.setCsr(CSR.henvcfg, 0, STCE_HIGH);
    expectAll(machine, [CSR.stimecmp], READ, VIRTUAL);
    hart.setCsr(CSR.hcounteren, 2, 0);
    expectAll(machine, [CSR.stimecmp], WRITE, OK);
    expectAll(machine, [CSR.vstimecmp], WRITE, VIRTUAL);
    hart.setCsr(CSR.menvcfg, 0, 0);
    expectAll(machine, [CSR.stimecmp, CSR.vstimecmp], WRITE, ILLEGAL);
  });
});

describe("in VU-mode", () => {
  const user = (): Bench => {
    const machine = bench("hypervisor");
    setPrivilege(machine.state, 0);
    return machine;
  };
  test("supervisor, hypervisor and VS registers are virtual instructions, machine registers illegal", () => {
    const machine = user();
    expectAll(machine, [...S_REGISTERS, CSR.stimecmp, ...H_REGISTERS, ...VS_REGISTERS], WRITE, VIRTUAL);
    expectAll(machine, [...M_REGISTERS, ...ABSENT], READ, ILLEGAL);
  });
  test("counters need hcounteren and scounteren", () => {
    const machine = user();
    machine.hart.setCsr(CSR.hcounteren, 7, 0);
    machine.hart.setCsr(CSR.scounteren, 1, 0);
    expectAll(machine, [CSR.cycle], READ, OK);
    expectAll(machine, [CSR.time, CSR.instret], READ, VIRTUAL);
    machine.hart.setCsr(CSR.hcounteren, 6, 0);
    expectAll(machine, [CSR.cycle], READ, VIRTUAL);
  });
});

describe("under machine-mode software", () => {
  test("S-mode has its own registers; machine registers are illegal, and there is no H extension", () => {
    const machine = bench("machine");
    expectAll(machine, S_REGISTERS, WRITE, OK);
    expectAll(machine, [...M_REGISTERS, ...H_REGISTERS, CSR.hgeip, ...VS_REGISTERS, ...ABSENT], READ, ILLEGAL);
  });
  test("U-mode has none of them", () => {
    const machine = bench("machine");
    setPrivilege(machine.state, 0);
    expectAll(machine, [...S_REGISTERS, ...M_REGISTERS], READ, ILLEGAL);
  });
  test("S-mode counters need mcounteren, U-mode also scounteren", () => {
    const machine = bench("machine");
    expectAll(machine, COUNTERS, READ, ILLEGAL);
    machine.hart.setCsr(CSR.mcounteren, 6, 0);
    expectAll(machine, [CSR.time, CSR.instret], READ, OK);
    expectAll(machine, [CSR.cycle], READ, ILLEGAL);
    setPrivilege(machine.state, 0);
    machine.hart.setCsr(CSR.scounteren, 3, 0);
    expectAll(machine, [CSR.time], READ, OK);
    expectAll(machine, [CSR.cycle, CSR.instret], READ, ILLEGAL);
  });
  test("TVM takes satp away; stimecmp needs STCE and TM", () => {
    const machine = bench("machine");
    machine.hart.setCsrBits(CSR.mstatus, STATUS.TVM);
    expectAll(machine, [CSR.satp], WRITE, ILLEGAL);
    expectAll(machine, [CSR.stimecmp], WRITE, ILLEGAL);
    machine.hart.setCsr(CSR.menvcfg, 0, STCE_HIGH);
    expectAll(machine, [CSR.stimecmp], WRITE, ILLEGAL);
    machine.hart.setCsr(CSR.mcounteren, 2, 0);
    expectAll(machine, [CSR.stimecmp], WRITE, OK);
  });
});
