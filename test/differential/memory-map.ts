// What guests have mapped in the tests of memory's ends, and the code of an engine that both have in common.

import { expect } from "vitest";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { CSR, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import { writeSecondStage } from "../../engines/machine/hart/second-stage.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { GuestPageTables, LEAF } from "./guest-page-tables.ts";

export const RAM = 0x8000_0000;
/** Guest address of the code under test. */
export const CODE = RAM + 0x1_0000;
const PHYSICAL_BYTES = 0x80_0000;
const PAGE = 0x1000;
// In the engine's own memory.
const CONTEXT = physical(RAM + 0x800);
/** Guest address of page tables, the root first; satp.MODE in the high half. */
export const TABLES = RAM + 0x8_0000;
const SV39_HIGH = 8 << 28;
const SECOND_STAGE = physical(RAM + 0x1000);

export interface Area {
  readonly base: number;
  readonly bytes: number;
  readonly physical: number;
  readonly rights: number;
  /** Where page tables map it, if not into the guest's RAM: what is there gives fewer rights than they do. */
  readonly beyond?: { readonly address: number; readonly rights: number };
}

interface Causes {
  readonly fetch: number;
  readonly load: number;
  readonly store: number;
}

/** One machine: what its guest has mapped, and which causes its faults have. */
export interface MemoryMap {
  readonly mode: EngineMode;
  /** What there is at the addresses that the guest uses. */
  readonly areas: readonly Area[];
  /** Where page tables map them: what there is at the addresses that these mean, the guest's RAM first. */
  readonly behind?: readonly Area[];
  readonly cause: Causes;
  /** The same of what page tables map to. */
  readonly beyond?: Causes;
  /** Cause of the guest's calls. */
  readonly call: number;
}

/** The area that a guest address lies in. */
export const areaOf = ({ areas }: MemoryMap, address: number): Area | undefined => areas.find(({ base, bytes }) => address >= base && address < base + bytes);

const ALL = RIGHT.read | RIGHT.write | RIGHT.execute;
export const MAPS: Readonly<Record<EngineMode, MemoryMap>> = {
  machine: {
    mode: "machine", cause: { fetch: 1, load: 5, store: 7 }, call: 9,
    areas: [{ base: RAM, bytes: PHYSICAL_BYTES, physical: RAM, rights: ALL }],
  },
  hypervisor: {
    mode: "hypervisor", cause: { fetch: 20, load: 21, store: 23 }, call: 10,
    areas: [
      { base: RAM, bytes: 0x20_0000, physical: RAM + 0x40_0000, rights: ALL },
      // Neighbours for the guest, but not in physical memory.
      { base: 0x9000_0000, bytes: PAGE, physical: RAM + 0x70_0000, rights: RIGHT.read | RIGHT.write },
      { base: 0x9000_0000 + PAGE, bytes: PAGE, physical: RAM + 0x6f_0000, rights: RIGHT.read },
    ],
  },
};

/** Where a guest has no memory. */
export const NOWHERE = 0x4000_0000;

/** Pages of 4 KiB: neighbours for the guest that lie apart in memory, one of them without the right to be
 *  written; a page alone, the last of the guest's memory; and pages that lead to where there is nothing, or, under a
 *  second stage, to where less is allowed, each between two that do not. */
const paged = (mode: EngineMode): MemoryMap => {
  const { behind: _, ...bare } = MAPS[mode];
  const ram = bare.areas[0];
  const page = (base: number, offset: number, rights: number): Area => ({ base, bytes: PAGE, physical: ram.physical + offset, rights });
  const data = RIGHT.read | RIGHT.write;
  return {
    ...bare, cause: { fetch: 12, load: 13, store: 15 }, beyond: bare.cause, behind: bare.areas,
    areas: [
      page(CODE, CODE - RAM, RIGHT.read | RIGHT.execute),
      page(0x9000_0000, 0x10_0000, data), page(0x9000_1000, 0x0f_0000, data), page(0x9000_2000, 0x11_0000, RIGHT.read),
      page(0x9000_4000, ram.bytes - PAGE, data),
      page(0x9000_6000, 0x12_0000, data),
      { base: 0x9000_7000, bytes: PAGE, physical: NOWHERE, rights: data, beyond: { address: NOWHERE, rights: 0 } },
      page(0x9000_8000, 0x13_0000, data),
      ...bare.areas.slice(1).flatMap(({ base, physical, rights }, index): Area[] => [
        { base: 0x9000_9000 + 2 * index * PAGE, bytes: PAGE, physical, rights: data, beyond: { address: base, rights } },
        page(0x9000_a000 + 2 * index * PAGE, 0x14_0000 + index * PAGE, data),
      ]),
    ],
  };
};
export const PAGED_MAPS: Readonly<Record<EngineMode, MemoryMap>> = { machine: paged("machine"), hypervisor: paged("hypervisor") };

/** Memory with a pattern everywhere. */
export function patternedMemory(): PhysicalMemory {
  const memory = PhysicalMemory.create(PHYSICAL_BYTES, 1);
  for (let at = 0; at < memory.ramBytes; at++) memory.u8[memory.ramOffset + at] = (at * 37) ^ (at >> 8);
  return memory;
}

/** A view of the guest's RAM. */
export function guestView(memory: PhysicalMemory, map: MemoryMap): DataView {
  const [{ physical: from, bytes }] = map.behind ?? map.areas;
  return new DataView(memory.wasm.buffer, memory.offset(physical(from)), bytes);
}

/** Makes the hart enter the guest at CODE. */
export function enterGuest(hart: Hart, map: MemoryMap): void {
  if (map.mode === "hypervisor") {
    writeSecondStage(hart.memory, SECOND_STAGE, (map.behind ?? map.areas).map((area) =>
      ({ ...area, base: guestPhysical(area.base), physical: physical(area.physical) })));
    hart.setSecondStage(SECOND_STAGE, 1);
  }
  hart.resetContext(CONTEXT, CODE, 0, 0);
  hart.loadContext(CONTEXT);
  if (map.behind !== undefined) hart.setCsr(map.mode === "hypervisor" ? CSR.vsatp : CSR.satp, TABLES / PAGE, SV39_HIGH);
}

/** Sv39 tables in the guest's RAM, for areas of single pages. */
export function writePageTables(memory: PhysicalMemory, map: MemoryMap): void {
  if (map.behind === undefined) return;
  const [ram] = map.behind;
  const tables = new GuestPageTables(guestView(memory, map), TABLES);
  for (const { base, physical: at, rights, beyond } of map.areas) {
    // R, W and X lie one bit further up than in RIGHT.
    tables.map(base, beyond?.address ?? at - ram.physical + RAM, LEAF.V | LEAF.A | LEAF.D | (rights << 1));
  }
}

export interface Fault {
  readonly cause: number;
  readonly value: bigint;
  readonly pc: bigint;
}

/** The exception that the engine was entered by; null for a call. */
export function faultOf(hart: Hart, map: MemoryMap): Fault | null {
  const cause = hart.trapCause();
  if (cause === map.call) return null;
  const read = (csr: number): bigint => whole(hart.csrLow(csr), hart.csrHigh(csr));
  const [epc, tval] = map.mode === "hypervisor" ? [CSR.sepc, CSR.stval] : [CSR.mepc, CSR.mtval];
  const value = read(tval);
  // A guest-page fault's guest-physical address, shifted right by 2; zero for other exceptions.
  if (map.mode === "hypervisor") expect(read(CSR.htval)).toBe(cause >= 20 ? guestPhysicalOf(map, value) >> 2n : 0n);
  return { cause, value, pc: read(epc) };
}

/** What a guest's address means to the second stage, where nothing but its last part is looked up there. */
function guestPhysicalOf(map: MemoryMap, address: bigint): bigint {
  const area = map.areas.find(({ base, bytes }) => address >= base && address < base + bytes);
  return area?.beyond === undefined ? address : BigInt(area.beyond.address) + address - BigInt(area.base);
}

export const lowOf = (value: bigint): number => Number(BigInt.asIntN(32, value));
export const highOf = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
export const whole = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
