// Device accesses by a guest with page tables of its own: the engine walks them to find the instruction.

import { describe, expect, test } from "vitest";
import { CSR } from "../../../engines/machine/hart/hart.ts";
import { ACCESS } from "../../../engines/machine/core.ts";
import { HART, PLIC_BASE, RAM_BASE } from "../../../engines/machine/layout.ts";
import { guest } from "../fixture.ts";
import { Accessor, enableOf, store } from "./accessor.ts";

const PTE = { V: 1, R: 2, W: 4, X: 8, U: 16, A: 64, D: 128 } as const;
const LEAF = PTE.V | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D;
const SV39 = 8n << 60n;
const PC = HART.pc >> 2;
const STORE_ACCESS = 7;
const DATA = 9;
const [ROOT, MIDDLE, LAST, DEVICE_MIDDLE, DEVICE_LAST] = [0x10_0000, 0x10_1000, 0x10_2000, 0x10_3000, 0x10_4000];
/** Offset from VIRTUAL of the page of the interrupt controller's enables. */
const DEVICE_PAGE = 0x4000_0000;
const FIRST_CODE = 0x4_0000;
const SECOND_CODE = 0x8_0000;
/** Of the code: bit 38 set, so that it must be sign-extended. */
const VIRTUAL = -0x40_0000_0000n;

interface Mapped { readonly accessor: Accessor; readonly ram: DataView; entry(table: number, index: number, page: number, flags: number): void }

function mapped(engine: "uniprocessor" | "smp"): Mapped {
  const accessor = new Accessor(engine, [guest("pages", { serial: true })]);
  const ram = new DataView(accessor.bench.memory.wasm.buffer, accessor.ram());
  const entry = (table: number, index: number, page: number, flags: number): void =>
    ram.setBigUint64(table + 8 * index, (BigInt(RAM_BASE + page) >> 12n << 10n) | BigInt(flags), true);
  // VIRTUAL's three indexes are 0x100, 0 and 0; two pages that do not lie next to each other.
  entry(ROOT, 0x100, MIDDLE, PTE.V);
  entry(MIDDLE, 0, LAST, PTE.V);
  entry(LAST, 0, FIRST_CODE, LEAF);
  entry(LAST, 1, SECOND_CODE, LEAF);
  // In a gigapage's range of its own, so that tests can spoil the tables of the code.
  entry(ROOT, 0x101, DEVICE_MIDDLE, PTE.V);
  entry(DEVICE_MIDDLE, 0, DEVICE_LAST, PTE.V);
  entry(DEVICE_LAST, 0, PLIC_BASE + 0x2000 - RAM_BASE, LEAF);
  entry(DEVICE_LAST, 1, PLIC_BASE + 0x2000 - RAM_BASE, LEAF | PTE.U);
  const satp = SV39 | (BigInt(RAM_BASE + ROOT) >> 12n);
  accessor.bench.hart(0).setCsr(CSR.vsatp, Number(BigInt.asIntN(32, satp)), Number(BigInt.asIntN(32, satp >> 32n)));
  return { accessor, ram, entry };
}

/** The guest executes a store of 0x40 at VIRTUAL + `at`, to the device's page; answers how far it got. */
function execute({ accessor }: Mapped, at: number, user = false): bigint {
  const { bench } = accessor;
  const { block } = bench.state(0);
  const pc = VIRTUAL + BigInt(at);
  block[PC] = Number(BigInt.asIntN(32, pc));
  block[PC + 1] = Number(BigInt.asIntN(32, pc >> 32n));
  block[HART.privilege >> 2] = user ? 0 : 1;
  bench.hart(0).setX(DATA, 0x40, 0);
  // As a trap return would have done.
  bench.hart(0).fenceGuest();
  bench.state(0).mmu.select();
  bench.access(0, VIRTUAL + BigInt(DEVICE_PAGE + (user ? 0x1000 : 0) + (enableOf(0) & 0xfff)), ACCESS.store | 2 | (DATA << ACCESS.registerShift) | (4 << ACCESS.lengthShift));
  return (BigInt(block[PC + 1]) << 32n) + BigInt(block[PC] >>> 0) - pc;
}

describe.each(["uniprocessor", "smp"] as const)("%s", (engine) => {
  test("finds an instruction, also across two pages that lie apart", () => {
    const guest = mapped(engine);
    guest.ram.setUint32(FIRST_CODE + 0x10, store("sw"), true);
    expect(execute(guest, 0x10)).toBe(4n);
    guest.ram.setUint16(FIRST_CODE + 0xffe, store("sw") & 0xffff, true);
    guest.ram.setUint16(SECOND_CODE, store("sw") >>> 16, true);
    expect(execute(guest, 0xffe)).toBe(4n);
    // The store was done.
    guest.accessor.bench.hart(0).setCsr(CSR.vsatp, 0, 0);
    guest.accessor.bench.state(0).mmu.select();
    expect(guest.accessor.read(enableOf(0))).toBe(0x40);
  });

  test("a page table where a device is, is no access to the device", () => {
    const guest = mapped(engine);
    guest.ram.setUint32(FIRST_CODE + 0x10, store("sw"), true);
    // The entry for the page of devices would lie at the controller's pending bits.
    guest.entry(DEVICE_MIDDLE, 0, PLIC_BASE + 0x1000 - RAM_BASE, PTE.V);
    execute(guest, 0x10);
    expect(guest.accessor.exception).toBe(STORE_ACCESS);
  });

  test("by megapages, and in user mode by pages for it", () => {
    const guest = mapped(engine);
    guest.entry(MIDDLE, 0, 0, LEAF);
    guest.ram.setUint32(SECOND_CODE + 0x10, store("sw"), true);
    expect(execute(guest, SECOND_CODE + 0x10)).toBe(4n);
    guest.entry(MIDDLE, 0, 0, LEAF | PTE.U);
    expect(execute(guest, SECOND_CODE + 0x10, true)).toBe(4n);
  });

  test.each([
    ["not valid", LEAF & ~PTE.V], ["not executable", LEAF & ~PTE.X], ["for user mode", LEAF | PTE.U], ["writable but not readable", PTE.V | PTE.W | PTE.X | PTE.A],
    ["a pointer where a leaf must be", PTE.V],
  ])("a page that is %s is not fetched from: an access fault", (_, flags) => {
    const guest = mapped(engine);
    guest.ram.setUint32(FIRST_CODE + 0x10, store("sw"), true);
    guest.entry(LAST, 0, FIRST_CODE, flags);
    execute(guest, 0x10);
    expect(guest.accessor.exception).toBe(STORE_ACCESS);
  });

  test.each([
    ["page tables outside the guest's memory", (guest: Mapped) => guest.entry(ROOT, 0x100, 0x4000_0000, PTE.V)],
    ["code outside it", (guest: Mapped) => guest.entry(LAST, 0, 0x4000_0000, LEAF)],
    ["tables that point at themselves", (guest: Mapped) => { guest.entry(ROOT, 0x100, ROOT, PTE.V); guest.entry(ROOT, 0, ROOT, PTE.V); }],
    ["a misaligned megapage", (guest: Mapped) => guest.entry(MIDDLE, 0, 0x1000, LEAF)],
  ])("%s: an access fault", (_, spoil) => {
    const guest = mapped(engine);
    guest.ram.setUint32(FIRST_CODE + 0x10, store("sw"), true);
    spoil(guest);
    execute(guest, 0x10);
    expect(guest.accessor.exception).toBe(STORE_ACCESS);
    expect(guest.accessor.bench.report().vms[0].state).toBe("running");
  });
});
