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

/** The fault of each access, by the register's number. */
function faults({ state }: Bench, csrs: readonly number[], writes: boolean): Record<string, number> {
  return Object.fromEntries(csrs.map((csr) => [csr.toString(16), csrFault(state, csr, writes)]));
}

function all(csrs: readonly number[], fault: number): Record<string, number> {
  return Object.fromEntries(csrs.map((csr) => [csr.toString(16), fault]));
}

describe("in VS-mode", () => {
  test("supervisor registers are its own", () => {
    const machine = bench("hypervisor");
    expect(faults(machine, S_REGISTERS, READ)).toEqual(all(S_REGISTERS, OK));
    expect(faults(machine, S_REGISTERS, WRITE)).toEqual(all(S_REGISTERS, OK));
  });
  test("hypervisor and VS registers are virtual instructions", () => {
    const machine = bench("hypervisor");
    for (const writes of [READ, WRITE]) expect(faults(machine, [...VS_REGISTERS, ...H_REGISTERS], writes)).toEqual(all([...VS_REGISTERS, ...H_REGISTERS], VIRTUAL));
    expect(faults(machine, [CSR.hgeip], READ)).toEqual(all([CSR.hgeip], VIRTUAL));
    // Not even HS-mode writes a read-only register.
    expect(faults(machine, [CSR.hgeip], WRITE)).toEqual(all([CSR.hgeip], ILLEGAL));
  });
  test("machine registers and registers that do not exist are illegal", () => {
    const machine = bench("hypervisor");
    for (const writes of [READ, WRITE]) expect(faults(machine, [...M_REGISTERS, ...ABSENT], writes)).toEqual(all([...M_REGISTERS, ...ABSENT], ILLEGAL));
  });
  test("counters need hcounteren, and are never written", () => {
    const machine = bench("hypervisor");
    expect(faults(machine, COUNTERS, READ)).toEqual(all(COUNTERS, VIRTUAL));
    machine.hart.setCsr(CSR.hcounteren, 2, 0);
    expect(faults(machine, [CSR.time], READ)).toEqual(all([CSR.time], OK));
    expect(faults(machine, [CSR.cycle, CSR.instret], READ)).toEqual(all([CSR.cycle, CSR.instret], VIRTUAL));
    expect(faults(machine, COUNTERS, WRITE)).toEqual(all(COUNTERS, ILLEGAL));
    machine.hart.setCsr(CSR.mcounteren, 5, 0);
    expect(faults(machine, [CSR.time], READ)).toEqual(all([CSR.time], ILLEGAL));
  });
  test("VTVM takes satp away", () => {
    const machine = bench("hypervisor");
    machine.hart.setCsrBits(CSR.hstatus, HSTATUS.VTVM);
    expect(faults(machine, [CSR.satp], READ)).toEqual(all([CSR.satp], VIRTUAL));
    expect(faults(machine, [CSR.sstatus], READ)).toEqual(all([CSR.sstatus], OK));
  });
  test("stimecmp needs STCE and TM at both levels", () => {
    const machine = bench("hypervisor");
    const { hart } = machine;
    expect(faults(machine, [CSR.stimecmp], READ)).toEqual(all([CSR.stimecmp], VIRTUAL));
    hart.setCsr(CSR.henvcfg, 0, STCE_HIGH);
    expect(faults(machine, [CSR.stimecmp], READ)).toEqual(all([CSR.stimecmp], VIRTUAL));
    hart.setCsr(CSR.hcounteren, 2, 0);
    expect(faults(machine, [CSR.stimecmp], WRITE)).toEqual(all([CSR.stimecmp], OK));
    expect(faults(machine, [CSR.vstimecmp], WRITE)).toEqual(all([CSR.vstimecmp], VIRTUAL));
    hart.setCsr(CSR.menvcfg, 0, 0);
    expect(faults(machine, [CSR.stimecmp, CSR.vstimecmp], WRITE)).toEqual(all([CSR.stimecmp, CSR.vstimecmp], ILLEGAL));
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
    expect(faults(machine, [...S_REGISTERS, CSR.stimecmp, ...H_REGISTERS, ...VS_REGISTERS], WRITE)).toEqual(all([...S_REGISTERS, CSR.stimecmp, ...H_REGISTERS, ...VS_REGISTERS], VIRTUAL));
    expect(faults(machine, [...M_REGISTERS, ...ABSENT], READ)).toEqual(all([...M_REGISTERS, ...ABSENT], ILLEGAL));
  });
  test("counters need hcounteren and scounteren", () => {
    const machine = user();
    machine.hart.setCsr(CSR.hcounteren, 7, 0);
    machine.hart.setCsr(CSR.scounteren, 1, 0);
    expect(faults(machine, [CSR.cycle], READ)).toEqual(all([CSR.cycle], OK));
    expect(faults(machine, [CSR.time, CSR.instret], READ)).toEqual(all([CSR.time, CSR.instret], VIRTUAL));
    machine.hart.setCsr(CSR.hcounteren, 6, 0);
    expect(faults(machine, [CSR.cycle], READ)).toEqual(all([CSR.cycle], VIRTUAL));
  });
});

describe("under machine-mode software", () => {
  test("S-mode has its own registers; machine registers are illegal, and there is no H extension", () => {
    const machine = bench("machine");
    expect(faults(machine, S_REGISTERS, WRITE)).toEqual(all(S_REGISTERS, OK));
    expect(faults(machine, [...M_REGISTERS, ...H_REGISTERS, CSR.hgeip, ...VS_REGISTERS, ...ABSENT], READ)).toEqual(all([...M_REGISTERS, ...H_REGISTERS, CSR.hgeip, ...VS_REGISTERS, ...ABSENT], ILLEGAL));
  });
  test("U-mode has none of them", () => {
    const machine = bench("machine");
    setPrivilege(machine.state, 0);
    expect(faults(machine, [...S_REGISTERS, ...M_REGISTERS], READ)).toEqual(all([...S_REGISTERS, ...M_REGISTERS], ILLEGAL));
  });
  test("S-mode counters need mcounteren, U-mode also scounteren", () => {
    const machine = bench("machine");
    expect(faults(machine, COUNTERS, READ)).toEqual(all(COUNTERS, ILLEGAL));
    machine.hart.setCsr(CSR.mcounteren, 6, 0);
    expect(faults(machine, [CSR.time, CSR.instret], READ)).toEqual(all([CSR.time, CSR.instret], OK));
    expect(faults(machine, [CSR.cycle], READ)).toEqual(all([CSR.cycle], ILLEGAL));
    setPrivilege(machine.state, 0);
    machine.hart.setCsr(CSR.scounteren, 3, 0);
    expect(faults(machine, [CSR.time], READ)).toEqual(all([CSR.time], OK));
    expect(faults(machine, [CSR.cycle, CSR.instret], READ)).toEqual(all([CSR.cycle, CSR.instret], ILLEGAL));
  });
  test("TVM takes satp away; stimecmp needs STCE and TM", () => {
    const machine = bench("machine");
    machine.hart.setCsrBits(CSR.mstatus, STATUS.TVM);
    expect(faults(machine, [CSR.satp], WRITE)).toEqual(all([CSR.satp], ILLEGAL));
    expect(faults(machine, [CSR.stimecmp], WRITE)).toEqual(all([CSR.stimecmp], ILLEGAL));
    machine.hart.setCsr(CSR.menvcfg, 0, STCE_HIGH);
    expect(faults(machine, [CSR.stimecmp], WRITE)).toEqual(all([CSR.stimecmp], ILLEGAL));
    machine.hart.setCsr(CSR.mcounteren, 2, 0);
    expect(faults(machine, [CSR.stimecmp], WRITE)).toEqual(all([CSR.stimecmp], OK));
  });
});
