// The second stage of a guest: a fixed table of regions in engine memory, which the hart takes over whole.

import type { GuestPhysicalAddress, PhysicalAddress } from "../address.ts";
import { HART, MAXIMUM_REGIONS, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../layout.ts";
import type { CoreMemory } from "./core-memory.ts";
import type { HartState } from "./state.ts";

/** Byte offsets in a table: a count, then regions. */
const TABLE = { count: 0, regions: 8 } as const;
/** Byte offsets in a table's region: i64, i64, i64, i32. */
const ENTRY = { base: 0, bytes: 8, physical: 16, rights: 24 } as const;
const ENTRY_BYTES = 32;
/** Room for a table of MAXIMUM_REGIONS. */
export const SECOND_STAGE_BYTES = TABLE.regions + MAXIMUM_REGIONS * ENTRY_BYTES;

/** What guest addresses [base, base + bytes) mean. */
export interface Region {
  readonly base: GuestPhysicalAddress;
  readonly bytes: number;
  readonly physical: PhysicalAddress;
  /** RIGHT bits. */
  readonly rights: number;
}

const HIGH_UNIT = 0x1_0000_0000;
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

/** Takes over the table at `table` as the hart's second stage and the RAM window of its fast accesses. */
export function loadSecondStage(state: HartState, table: PhysicalAddress, space: number): void {
  const { i32, block, memory } = state;
  const first = memory.offset(table) >>> 2;
  const count = i32[first + (TABLE.count >> 2)];
  if (count < 0 || count > MAXIMUM_REGIONS) throw new RangeError(`second stage at ${table.toString(16)} has ${count} regions`);
  let entry = first + (TABLE.regions >> 2);
  let region = HART.regions >> 2;
  let ram = false;
  for (let index = 0; index < count; index++) {
    const base = number(i32, entry + (ENTRY.base >> 2));
    const bytes = number(i32, entry + (ENTRY.bytes >> 2));
    const physical = number(i32, entry + (ENTRY.physical >> 2));
    const rights = i32[entry + (ENTRY.rights >> 2)];
    if (!memory.contains(physical, bytes)) {
      throw new RangeError(`second stage at ${table.toString(16)}: region ${index} is not in physical memory`);
    }
    const offset = memory.offset(physical as PhysicalAddress);
    for (let half = 0; half < 4; half++) block[region + half] = i32[entry + half];
    block[region + (REGION.offset >> 2)] = offset;
    block[region + (REGION.rights >> 2)] = rights;
    if (base === RAM_BASE && rights === RAM_RIGHTS && bytes >= 8) {
      ram = true;
      setFastRam(state, offset, bytes);
    }
    entry += ENTRY_BYTES >> 2;
    region += REGION_BYTES >> 2;
  }
  if (!ram) throw new RangeError(`second stage at ${table.toString(16)} has no RAM at ${RAM_BASE.toString(16)}`);
  block[(HART.regionCount >> 2)] = count;
  block[(HART.space >> 2)] = space;
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
