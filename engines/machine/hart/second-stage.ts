// The second stage of a guest: a fixed table of regions in engine memory, which the hart takes over whole.

import type { GuestPhysicalAddress, PhysicalAddress } from "../address.ts";
import { HART, MAXIMUM_REGIONS, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../layout.ts";
import { DEVICE_WINDOWS } from "../devices/device.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { CoreMemory } from "./core-memory.ts";
import type { HartState } from "./state.ts";

/** Byte offsets in a table: a count, then regions. */
export const TABLE = { count: 0, regions: 8 } as const;
/** Byte offsets in a table's region: i64, i64, i64, i32. */
export const ENTRY = { base: 0, bytes: 8, physical: 16, rights: 24 } as const;
export const ENTRY_BYTES = 32;
/** Room for a table of MAXIMUM_REGIONS. */
export const SECOND_STAGE_BYTES = TABLE.regions + MAXIMUM_REGIONS * ENTRY_BYTES;

/** What guest addresses [base, base + bytes) mean: RAM or, with RIGHT.device, registers of one device. */
export interface Region {
  readonly base: GuestPhysicalAddress;
  readonly bytes: number;
  readonly physical: PhysicalAddress;
  /** RIGHT bits. */
  readonly rights: number;
}

const REGIONS = HART.regions >> 2;
const HIGH_UNIT = 0x1_0000_0000;
const NOWHERE = -1;
/** The least that a guest's address map can tell apart. */
const PAGE_BYTES = 0x1000;
const RAM_RIGHTS = RIGHT.read | RIGHT.write | RIGHT.execute;

/** Writes a table that setSecondStage() takes. One region must be the guest's RAM: base RAM_BASE and all rights. */
export function writeSecondStage(memory: CoreMemory, table: PhysicalAddress, regions: readonly Region[]): void {
  if (regions.length > MAXIMUM_REGIONS) throw new RangeError(`${regions.length} regions, of which a second stage holds ${MAXIMUM_REGIONS}`);
  const at = (offset: number): PhysicalAddress => (table + offset) as PhysicalAddress;
  const store64 = (offset: number, value: number): void => {
    memory.store(at(offset), value | 0);
    memory.store(at(offset + 4), Math.floor(value / HIGH_UNIT));
  };
  memory.store(at(TABLE.count), regions.length);
  regions.forEach((region, index) => {
    const entry = TABLE.regions + index * ENTRY_BYTES;
    store64(entry + ENTRY.base, region.base);
    store64(entry + ENTRY.bytes, region.bytes);
    store64(entry + ENTRY.physical, region.physical);
    memory.store(at(entry + ENTRY.rights), region.rights);
  });
}

/** A table as the hart has read it: what goes into the hart block. */
export interface SecondStage {
  readonly table: PhysicalAddress;
  /** REGION entries. */
  readonly regions: Int32Array;
  readonly count: number;
  /** Host offset and length of the RAM. */
  readonly ramOffset: number;
  readonly ramBytes: number;
}

/** Makes the table at `table` the hart's second stage, and its RAM the window of fast accesses. A hart reads the table
 *  of a space once: it keeps what it has read, as hardware keeps translations by VMID. */
export function loadSecondStage(state: HartState, table: PhysicalAddress, space: number): void {
  const { block, secondStages } = state;
  let stage = secondStages[space];
  if (stage === undefined || stage.table !== table) {
    stage = readSecondStage(state, table);
    secondStages[space] = stage;
  }
  const { regions } = stage;
  for (let index = 0; index < regions.length; index++) block[REGIONS + index] = regions[index];
  block[HART.regionCount >> 2] = stage.count;
  block[HART.space >> 2] = space;
  block[HART.paged >> 2] = 0;
  setFastRam(state, stage.ramOffset, stage.ramBytes);
}

/** Makes the table at `table` all that the device in virtio-mmio slot `slot` reaches, at the table's guest addresses. */
export function assignDevice(state: HartState, slot: number, table: PhysicalAddress): void {
  const { regions, count } = readRegions(state, table);
  state.devices.assign(slot, regions, count);
}

/** The table at `table` as an address space of user mode: of each region, its first address, the one behind its last, and
 *  its rights. */
export function readSpace(memory: PhysicalMemory, table: PhysicalAddress): readonly number[] {
  const { i32 } = memory;
  const first = memory.offset(table) >>> 2;
  const space: number[] = [];
  for (let index = 0; index < i32[first + (TABLE.count >> 2)]; index++) {
    const entry = first + ((TABLE.regions + index * ENTRY_BYTES) >> 2);
    const base = number(i32, entry + (ENTRY.base >> 2));
    space.push(base, base + number(i32, entry + (ENTRY.bytes >> 2)), i32[entry + (ENTRY.rights >> 2)]);
  }
  return space;
}

function readSecondStage(state: HartState, table: PhysicalAddress): SecondStage {
  const stage = readRegions(state, table);
  if (stage.ramBytes === 0) throw new RangeError(`second stage at ${table.toString(16)} has no RAM at ${RAM_BASE.toString(16)}`);
  return stage;
}

function readRegions(state: HartState, table: PhysicalAddress): SecondStage {
  const { i32, memory } = state;
  const first = memory.offset(table) >>> 2;
  const count = i32[first + (TABLE.count >> 2)];
  if (count < 0 || count > MAXIMUM_REGIONS) throw new RangeError(`second stage at ${table.toString(16)} has ${count} regions`);
  const regions = new Int32Array((count * REGION_BYTES) >> 2);
  let entry = first + (TABLE.regions >> 2);
  let region = 0;
  let ramOffset = 0;
  let ramBytes = 0;
  for (let index = 0; index < count; index++) {
    const base = number(i32, entry + (ENTRY.base >> 2));
    const bytes = number(i32, entry + (ENTRY.bytes >> 2));
    const physical = number(i32, entry + (ENTRY.physical >> 2));
    const rights = i32[entry + (ENTRY.rights >> 2)];
    const offset = (rights & RIGHT.device) === 0 ? ramAt(memory, physical, bytes) : deviceAt(physical, bytes);
    if (offset === NOWHERE) throw new RangeError(`second stage at ${table.toString(16)}: region ${index} is not in physical memory`);
    for (let half = 0; half < 4; half++) regions[region + half] = i32[entry + half];
    regions[region + (REGION.offset >> 2)] = offset;
    regions[region + (REGION.rights >> 2)] = rights;
    if (base === RAM_BASE && rights === RAM_RIGHTS && bytes >= 8) {
      ramOffset = offset;
      ramBytes = bytes;
    }
    entry += ENTRY_BYTES >> 2;
    region += REGION_BYTES >> 2;
  }
  return { table, regions, count, ramOffset, ramBytes };
}

function ramAt(memory: PhysicalMemory, physical: number, bytes: number): number {
  return memory.contains(physical, bytes) ? memory.offset(physical as PhysicalAddress) : NOWHERE;
}

/** Number of the device whose registers begin at `physical`. */
function deviceAt(physical: number, bytes: number): number {
  return DEVICE_WINDOWS.findIndex((window) => window.base === physical && bytes <= Math.max(window.bytes, PAGE_BYTES));
}

/** Sets the window at RAM_BASE that generated code reaches without a look at the regions. */
export function setFastRam(state: HartState, offset: number, bytes: number): void {
  const { block } = state;
  block[(HART.ramLimit >> 2)] = (bytes - 8) | 0;
  block[(HART.ramLimit >> 2) + 1] = Math.floor((bytes - 8) / HIGH_UNIT);
  block[(HART.ramOffset >> 2)] = offset;
}

function number(i32: Int32Array, index: number): number {
  return (i32[index + 1] >>> 0) * HIGH_UNIT + (i32[index] >>> 0);
}
