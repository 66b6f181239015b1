// The walk of Sv39's page tables, case by case as the specification states it (Volume II, "Virtual Address Translation
// Process" and "Sv39"), in S-mode on physical memory and in VS-mode behind a second stage.

import { beforeEach, describe, expect, test } from "vitest";
import { CSR, type EngineMode } from "../../engines/machine/hart/hart.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import { bench, GUEST_AT, setPrivilege, type Bench } from "./fixture.ts";

const PAGE = 0x1000;
const V = 1n, R = 2n, W = 4n, X = 8n, U = 16n, A = 64n, D = 128n;
const ALL = V | R | W | X | A | D;
const SUM = 0x4_0000, MXR = 0x8_0000;
const READ = RIGHT.read, WRITE = RIGHT.write, EXECUTE = RIGHT.execute;
const NOWHERE = 0x4000_0000;

describe.each(["machine", "hypervisor"] as const)("under %s-mode software", (mode: EngineMode) => {
  let it: Bench;
  /** What the guest calls its first page, and where it lies. */
  let base: number;
  let memory: DataView;
  const table = (number: number): number => base + number * PAGE;
  const bank = mode === "hypervisor" ? { status: CSR.vsstatus, atp: CSR.vsatp } : { status: CSR.sstatus, atp: CSR.satp };

  beforeEach(() => {
    it = bench(mode);
    base = mode === "hypervisor" ? 0x8000_0000 : GUEST_AT;
    memory = new DataView(it.memory.wasm.buffer, it.memory.offset(GUEST_AT), 0x10_0000);
    // Root in page 0, the next levels in 1 and 2.
    set(0, 0, pointer(1));
    set(1, 0, pointer(2));
    it.hart.setCsr(bank.atp, table(0) / PAGE, 8 << 28);
  });

  const set = (in_: number, index: number, entry: bigint): void => memory.setBigUint64(in_ * PAGE + 8 * index, BigInt.asUintN(64, entry), true);
  const get = (in_: number, index: number): bigint => memory.getBigUint64(in_ * PAGE + 8 * index, true);
  const leaf = (address: number, bits: bigint): bigint => (BigInt(address / PAGE) << 10n) | bits;
  const pointer = (number: number): bigint => leaf(table(number), V);
  /** The page found, or the cause. */
  const walk = (address: bigint, right: number): { readonly page: number } | { readonly cause: number } => {
    const { walker } = it.state.mmu;
    const found = walker.walk(Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n)), right, "access");
    return found ? { page: walker.page } : { cause: walker.cause };
  };
  const outcomes = (address: bigint): readonly number[] =>
    [READ, WRITE, EXECUTE].map((right) => { const found = walk(address, right); return "cause" in found ? found.cause : 0; });

  test("a leaf at each level maps a page, 2 MiB and 1 GiB", () => {
    set(2, 5, leaf(0x1234_5000, ALL));
    set(1, 3, leaf(0x1220_0000, ALL));
    set(0, 7, leaf(0x4000_0000, ALL));
    expect(walk(0x5abcn, READ)).toEqual({ page: 0x1_2345 });
    expect(walk(0x65_4321n, READ)).toEqual({ page: 0x1_2254 });
    expect(walk((7n << 30n) + 0x2345_6789n, READ)).toEqual({ page: 0x6_3456 });
  });

  test("addresses above 2^38 lie at the top of the 64-bit space, and nothing else is canonical", () => {
    set(0, 511, leaf(0x4000_0000, ALL));
    expect(walk(-4096n, READ)).toEqual({ page: 0x7_ffff });
    for (const address of [1n << 38n, (1n << 39n) - 4096n, 1n << 62n, -(1n << 38n) - 1n, -(1n << 63n)]) {
      expect(outcomes(address)).toEqual([13, 15, 12]);
    }
  });

  test.each([
    ["not valid", ALL & ~V, [13, 15, 12]],
    ["read only", V | R | A | D, [0, 15, 12]],
    ["execute only", V | X | A | D, [13, 15, 0]],
    ["read and write", V | R | W | A | D, [0, 0, 12]],
    ["write without read, reserved", V | W | X | A | D, [13, 15, 12]],
    ["write only, reserved", V | W | A | D, [13, 15, 12]],
    ["a pointer at the last level", V, [13, 15, 12]],
    ["a user page", ALL | U, [13, 15, 12]],
    ["reserved bit 54", ALL | (1n << 54n), [13, 15, 12]],
    ["reserved bit 60", ALL | (1n << 60n), [13, 15, 12]],
    ["PBMT without Svpbmt", ALL | (1n << 61n), [13, 15, 12]],
    ["N without Svnapot", ALL | (1n << 63n), [13, 15, 12]],
    ["RSW is the software's", ALL | (3n << 8n), [0, 0, 0]],
  ] as const)("%s", (_, bits, expected) => {
    set(2, 0, leaf(0x1000_0000, bits));
    expect(outcomes(0n)).toEqual(expected);
  });

  test.each([["A", A], ["D", D], ["U", U]] as const)("%s is reserved in a pointer", (_, bit) => {
    set(2, 0, leaf(0x1000_0000, ALL));
    set(1, 0, pointer(2) | bit);
    expect(outcomes(0n)).toEqual([13, 15, 12]);
  });

  test("a misaligned superpage faults", () => {
    set(1, 1, leaf(0x1220_1000, ALL));
    set(0, 1, leaf(0x4020_0000, ALL));
    expect(outcomes(0x20_0000n)).toEqual([13, 15, 12]);
    expect(outcomes(1n << 30n)).toEqual([13, 15, 12]);
  });

  test("users reach user pages only; supervisors with SUM too, but never execute them", () => {
    set(2, 0, leaf(0x1000_0000, ALL | U));
    set(2, 1, leaf(0x1000_0000, ALL));
    it.hart.setCsrBits(bank.status, SUM);
    expect([outcomes(0n), outcomes(0x1000n)]).toEqual([[0, 0, 12], [0, 0, 0]]);
    setPrivilege(it.state, 0);
    expect([outcomes(0n), outcomes(0x1000n)]).toEqual([[0, 0, 0], [13, 15, 12]]);
  });

  test("MXR makes executable pages readable", () => {
    set(2, 0, leaf(0x1000_0000, V | X | A));
    expect(outcomes(0n)[0]).toBe(13);
    it.hart.setCsrBits(bank.status, MXR);
    expect(outcomes(0n)[0]).toBe(0);
  });

  test("A and D are set by the access, and D by stores alone; a look-ahead sets nothing", () => {
    set(2, 0, leaf(0x1000_0000, V | R | W));
    expect(it.state.mmu.walker.walk(0, 0, READ, "look-ahead")).toBe(false);
    expect(get(2, 0)).toBe(leaf(0x1000_0000, V | R | W));
    walk(0n, READ);
    expect(get(2, 0)).toBe(leaf(0x1000_0000, V | R | W | A));
    expect(it.state.mmu.walker.rights).toBe(RIGHT.read);
    walk(0n, WRITE);
    expect(get(2, 0)).toBe(leaf(0x1000_0000, V | R | W | A | D));
  });

  test("a table that is not in memory is an access fault, or at the second stage a guest-page fault of the original kind", () => {
    set(0, 2, leaf(NOWHERE, V));
    expect(outcomes(2n << 30n)).toEqual(mode === "hypervisor" ? [21, 23, 20] : [5, 7, 1]);
    const { failedPage, failedOffset } = it.state.mmu.walker;
    expect(failedPage * PAGE + failedOffset).toBe(NOWHERE);
  });

  test("satp takes Bare and Sv39, without ASIDs; other modes are ignored whole", () => {
    const read = (): number[] => [it.hart.csrLow(bank.atp), it.hart.csrHigh(bank.atp) >>> 0];
    it.hart.setCsr(bank.atp, 0x1234, (8 << 28) | 0x0fff_f123);
    expect(read()).toEqual([0x1234, 0x8000_0123]);
    for (const other of [1, 7, 9, 10, 15]) it.hart.setCsr(bank.atp, 0x5678, other << 28);
    expect(read()).toEqual([0x1234, 0x8000_0123]);
    it.hart.setCsr(bank.atp, 0, 0);
    expect(read()).toEqual([0, 0]);
  });

  test("what was looked up holds until the fence that concerns it", () => {
    const { mmu } = it.state;
    set(2, 0, leaf(base + 0x8000, ALL));
    mmu.select();
    const before = mmu.access(0, 0, 8, READ);
    set(2, 0, leaf(base + 0x9000, ALL));
    mmu.fence(0);
    expect(mmu.access(0, 0, 8, READ)).toBe(before + PAGE);
    expect(mmu.access(PAGE - 4, 0, 8, READ)).toBe(-1); // two pages
  });
});
