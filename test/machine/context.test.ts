// World switches, second stages, and the primitives an engine works with.

import { describe, expect, test } from "vitest";
import { guestPhysical, hartId, physical } from "../../engines/machine/address.ts";
import { CONTEXT, CONTEXT_BYTES } from "../../engines/machine/hart/context.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { SECOND_STAGE_BYTES, writeSecondStage } from "../../engines/machine/hart/second-stage.ts";
import { STATUS } from "../../engines/machine/hart/privileged.ts";
import { enterFromEngine } from "../../engines/machine/hart/trap-return.ts";
import { HART, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../../engines/machine/layout.ts";
import {
  CONTEXT_AT, ECALL, ENTRY, GUEST_AT, GUEST_BYTES, GUEST_RAM, OTHER_CONTEXT_AT, TABLE_AT, bench, pc, privilege, setPc, setPrivilege,
  virtual, wide, type Bench,
} from "./fixture.ts";

const GUEST_CSRS = {
  hypervisor: [
    CSR.vsstatus, CSR.hie, CSR.hvip, CSR.vstvec, CSR.vsscratch, CSR.vsepc, CSR.vscause, CSR.vstval, CSR.vstimecmp, CSR.scounteren,
    CSR.senvcfg, CSR.htimedelta,
  ],
  machine: [
    CSR.sstatus, CSR.sie, CSR.mip, CSR.stvec, CSR.sscratch, CSR.sepc, CSR.scause, CSR.stval, CSR.stimecmp, CSR.scounteren,
    CSR.senvcfg,
  ],
} as const;

function registers({ hart }: Bench, csrs: readonly number[]): number[] {
  const general = Array.from({ length: 32 }, (_, n) => [hart.xLow(n), hart.xHigh(n)]);
  return [...general, ...csrs.map((csr) => [hart.csrLow(csr), hart.csrHigh(csr)])].flat();
}

describe.each(["hypervisor", "machine"] as const)("a world switch by %s-mode software", (mode) => {
  const csrs = GUEST_CSRS[mode];
  /** Fills all guest registers, then has the engine run `inEngine` as the guest traps from U-mode at 0x8000_0aa0. */
  function trapped(inEngine: (machine: Bench) => void): Bench {
    const machine = bench(mode);
    const { hart, state, engine } = machine;
    if (mode === "machine") hart.setCsr(CSR.mideleg, 0x222, 0);
    for (let n = 1; n < 32; n++) hart.setX(n, n * 0x0101_0101, -n);
    csrs.forEach((csr, index) => hart.setCsr(csr, -1 - index, index));
    // No timer in the past, and no interrupt that would be taken.
    hart.setCsr(mode === "hypervisor" ? CSR.vstimecmp : CSR.stimecmp, 5, 5);
    hart.setCsr(mode === "hypervisor" ? CSR.hie : CSR.sie, 0, 0);
    setPrivilege(state, 0);
    setPc(state, 0x8000_0aa0);
    engine.handle = () => inEngine(machine);
    machine.imports.system(state.base, ECALL);
    return machine;
  }

  test("keeps every register of the guest", () => {
    let before: number[] = [];
    const machine = trapped((it) => {
      before = registers(it, csrs);
      it.hart.saveContext(CONTEXT_AT);
      it.hart.resetContext(OTHER_CONTEXT_AT, ENTRY, 3, 4);
      it.hart.loadContext(OTHER_CONTEXT_AT);
    });
    const { hart, state, engine } = machine;
    expect([pc(state), privilege(state), hart.xNumber(10), hart.xNumber(11)]).toEqual([ENTRY, 1, 3, 4]);
    expect(registers(machine, csrs)).not.toEqual(before);
    expect([hart.xLow(1), hart.csrNumber(CSR.scounteren)]).toEqual([0, 7]);
    engine.handle = () => {
      hart.loadContext(CONTEXT_AT);
      expect(registers(machine, csrs)).toEqual(before);
    };
    machine.imports.system(state.base, ECALL);
    expect([pc(state), privilege(state), virtual(state)]).toEqual([0x8000_0aa0, 0, mode === "hypervisor" ? 1 : 0]);
  });

  test("moves the guest's timer with it", () => {
    const machine = bench(mode);
    const { hart, state, clock } = machine;
    const stce = 1 << 31;
    hart.setCsr(mode === "hypervisor" ? CSR.henvcfg : CSR.menvcfg, 0, stce);
    hart.resetContext(OTHER_CONTEXT_AT, ENTRY, 0, 0);
    hart.memory.store(physical(OTHER_CONTEXT_AT + CONTEXT.timecmp), 70);
    hart.memory.store(physical(OTHER_CONTEXT_AT + CONTEXT.timecmp + 4), 0);
    clock.set(80);
    hart.loadContext(OTHER_CONTEXT_AT);
    expect(state.timers.next).toBe(70);
    hart.loadContext(CONTEXT_AT);
    state.timers.update(clock.time());
    expect([state.timers.bits, state.timers.next]).toEqual([0, Infinity]);
  });

  test("loads only what CSR writes could have left, whatever the memory holds", () => {
    const machine = bench(mode);
    const { hart, state } = machine;
    hart.memory.fill(CONTEXT_AT, 0xff, CONTEXT_BYTES);
    hart.loadContext(CONTEXT_AT);
    enterFromEngine(state);
    expect([privilege(state), virtual(state), state.i32[(state.base + HART.pc) >> 2]]).toEqual([1, mode === "hypervisor" ? 1 : 0, -2]);
    const [status, atp, epc] = mode === "hypervisor" ? [CSR.vsstatus, CSR.vsatp, CSR.vsepc] : [CSR.sstatus, CSR.satp, CSR.sepc];
    expect(hart.csrLow(status)).toBe(STATUS.SIE | STATUS.SPIE | STATUS.SPP | STATUS.SUM | STATUS.MXR);
    expect([hart.csrLow(atp), hart.csrLow(epc), hart.csrLow(CSR.scounteren)]).toEqual([0, -2, 7]);
    expect(hart.csrLow(CSR.mie)).toBe(mode === "hypervisor" ? 0x444 : 0x222);
  });
});

describe("a second stage", () => {
  const WINDOW = { base: guestPhysical(0x9000_0000), bytes: 0x2000, physical: physical(GUEST_AT + GUEST_BYTES), rights: RIGHT.read };

  test("becomes the hart's regions and fast window", () => {
    const { state, memory } = bench("hypervisor", [WINDOW, GUEST_RAM]);
    const region = state.base + HART.regions;
    expect(state.i32[(state.base + HART.regionCount) >> 2]).toBe(2);
    expect([wide(state, HART.regions + REGION.base), wide(state, HART.regions + REGION.bytes)]).toEqual([0x9000_0000, 0x2000]);
    expect(state.i32[(region + REGION.offset) >> 2]).toBe(memory.offset(WINDOW.physical));
    expect(state.i32[(region + REGION_BYTES + REGION.rights) >> 2]).toBe(7);
    expect([wide(state, HART.ramLimit), state.i32[(state.base + HART.ramOffset) >> 2]]).toEqual([GUEST_BYTES - 8, memory.offset(GUEST_AT)]);
    expect(state.i32[(state.base + HART.space) >> 2]).toBe(1);
  });

  test("is the same when a hart comes back to it", () => {
    const { hart, state } = bench("hypervisor", [WINDOW, GUEST_RAM]);
    const hardware = (): number[] => {
      const block = state.base >> 2;
      return [
        ...state.i32.slice(block + (HART.regions >> 2), block + ((HART.regions + 2 * REGION_BYTES) >> 2)),
        ...[HART.regionCount, HART.space, HART.ramOffset, HART.ramLimit].map((field) => state.i32[block + (field >> 2)]),
      ];
    };
    const first = hardware();
    const other = physical(TABLE_AT + SECOND_STAGE_BYTES);
    writeSecondStage(hart.memory, other, [{ ...GUEST_RAM, bytes: GUEST_BYTES / 2, physical: WINDOW.physical }]);
    hart.setSecondStage(other, 2);
    expect(hardware()).not.toEqual(first);
    hart.setSecondStage(TABLE_AT, 1);
    expect(hardware()).toEqual(first);
  });

  test("must have RAM, and nothing outside physical memory", () => {
    const { hart } = bench("hypervisor");
    writeSecondStage(hart.memory, TABLE_AT, [WINDOW]);
    expect(() => hart.setSecondStage(TABLE_AT, 2)).toThrow(/no RAM/);
    writeSecondStage(hart.memory, TABLE_AT, [GUEST_RAM, { ...WINDOW, physical: physical(RAM_BASE - 0x1000) }]);
    expect(() => hart.setSecondStage(TABLE_AT, 3)).toThrow(/region 1/);
    expect(() => writeSecondStage(hart.memory, TABLE_AT, Array.from({ length: 33 }, () => WINDOW))).toThrow(/33/);
  });
});

describe("an engine's memory", () => {
  test("is RAM by physical address", () => {
    const { hart, memory } = bench("hypervisor");
    const at = physical(RAM_BASE + 0x100);
    hart.memory.store(at, -5);
    expect([hart.memory.load(at), memory.i32[memory.offset(at) >> 2], hart.memory.loadByte(at)]).toEqual([-5, -5, 0xfb]);
    hart.memory.storeNumber(at, 1.5e12);
    expect(hart.memory.loadNumber(at)).toBe(1.5e12);
    hart.memory.write(physical(at + 1), new Uint8Array([1, 2, 3]));
    hart.memory.copy(physical(at + 9), physical(at + 1), 3);
    expect(Array.from(memory.u8.slice(memory.offset(at) + 9, memory.offset(at) + 13))).toEqual([1, 2, 3, 0]);
  });
  test("atomic operations return the old value", () => {
    const { hart } = bench("hypervisor");
    const at = physical(RAM_BASE + 0x100);
    const { memory } = hart;
    memory.atomicStore(at, 6);
    expect([memory.add(at, 4), memory.exchange(at, 12), memory.and(at, 8), memory.or(at, 3), memory.compareExchange(at, 1, 0),
      memory.compareExchange(at, 11, 1), memory.atomicLoad(at)]).toEqual([6, 10, 12, 8, 11, 11, 1]);
  });
});

test("registers read as unsigned numbers, which stop at 2^53", () => {
  const { hart } = bench("hypervisor");
  hart.setX(5, -1, 0x1f_ffff);
  hart.setX(6, 0, 0x20_0000);
  hart.setX(7, -1, -1);
  hart.setX(0, 1, 1);
  expect([hart.xNumber(5), hart.xNumber(6), hart.xNumber(7), hart.xNumber(0)]).toEqual([2 ** 53 - 1, 2 ** 53, 2 ** 53, 0]);
});

test("software interrupts go to the hart they are sent to, and are cleared by it alone", () => {
  const { machine, hart } = bench("hypervisor", undefined, 2);
  const other = machine.hart(hartId(1));
  hart.sendIpi(hartId(1));
  hart.clearIpi();
  expect([hart.csrLow(CSR.sip), other.csrLow(CSR.sip)]).toEqual([0, 2]);
  other.clearIpi();
  expect(other.csrLow(CSR.sip)).toBe(0);
});
