// What keeps guests apart: every second stage is what was set at boot, harts have taken up that of the guest they run, and no
// two guests share memory but a channel's window.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { ENTRY, ENTRY_BYTES, type Region, TABLE } from "../machine/hart/second-stage.ts";
import { DEVICE_WINDOWS } from "../machine/devices/device.ts";
import { HART, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../machine/layout.ts";
import { type Networking } from "../placement/devices.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { regionsOf } from "../placement/records.ts";
import type { StateView } from "../report/state-view.ts";
import { VM } from "../virtual-machine/record.ts";
import type { GuestRecords } from "./guest.ts";
import { type Broken, hex, isFixed } from "./words.ts";

/** Tables in engine memory. */
export function* secondStageInvariants(view: StateView, { placed, record }: GuestRecords, networking: Networking): Broken {
  const regions = regionsOf(placed, networking);
  const table = physical(record + VM.secondStage);
  const of = (what: string): string => `${placed.machine.name}: ${what}`;
  yield* isFixed(of("how many regions its second stage has"), view.word(table, TABLE.count), regions.length);
  for (const [index, region] of regions.entries()) {
    const entry = physical(table + TABLE.regions + index * ENTRY_BYTES);
    for (const [name, field] of FIELDS) yield* isFixed(of(`${name} of region ${index}`), Number(view.integer64(entry, field)), region[name]);
    yield* isFixed(of(`rights of region ${index}`), view.word(entry, ENTRY.rights), region.rights);
  }
}

const FIELDS = [["base", ENTRY.base], ["bytes", ENTRY.bytes], ["physical", ENTRY.physical]] as const;

/** What the hardware of a hart has of the guest that is on it. */
export function* hartInvariants(view: StateView, hart: number, { placed }: GuestRecords, networking: Networking): Broken {
  const block = view.hardware(hart);
  const regions = regionsOf(placed, networking);
  const of = (what: string): string => `hart ${hart}, on which ${placed.machine.name} is: ${what}`;
  yield* isFixed(of("how many regions it translates by"), block.getInt32(HART.regionCount, true), regions.length);
  for (const [index, region] of regions.entries()) {
    const entry = HART.regions + index * REGION_BYTES;
    yield* isFixed(of(`base of region ${index}`), Number(block.getBigUint64(entry + REGION.base, true)), region.base);
    yield* isFixed(of(`bytes of region ${index}`), Number(block.getBigUint64(entry + REGION.bytes, true)), region.bytes);
    yield* isFixed(of(`what region ${index} means`), block.getInt32(entry + REGION.offset, true), hostOf(view, region) | 0);
    yield* isFixed(of(`rights of region ${index}`), block.getInt32(entry + REGION.rights, true), region.rights);
  }
  yield* isFixed(of("where its RAM begins"), block.getUint32(HART.ramOffset, true), view.hostOf(placed.slot.physical));
  yield* isFixed(of("the size of its RAM"), Number(block.getBigUint64(HART.ramLimit, true)) + 8, placed.slot.bytes);
}

function hostOf(view: StateView, { physical: base, rights }: Region): number {
  return (rights & RIGHT.device) === 0 ? view.hostOf(base) : DEVICE_WINDOWS.findIndex((window) => window.base === base);
}

/** Of all guests of a machine: what they can reach, and where the engine's own memory ends. */
export function* disjointInvariants(vms: readonly PlacedVm[], networking: Networking, engineBytes: number): Broken {
  const reached = vms.flatMap((vm) => regionsOf(vm, networking).map((region, index) => ({
    vm, region, window: index > 0 && index <= vm.ends.length ? vm.ends[index - 1] : undefined,
  })));
  for (const { vm, region } of reached) {
    if ((region.rights & RIGHT.device) === 0 && region.physical < RAM_BASE + engineBytes) yield `${vm.machine.name} reaches the engine's memory at ${hex(region.physical)}`;
  }
  for (const [index, one] of reached.entries()) {
    for (const other of reached.slice(index + 1)) {
      if (one.vm === other.vm || !overlap(one.region, other.region)) continue;
      const channel = one.window !== undefined && one.window.peer === other.vm.index && other.window?.peer === one.vm.index;
      if (!channel) yield `${one.vm.machine.name} and ${other.vm.machine.name} both reach ${hex(Math.max(one.region.physical, other.region.physical))}`;
    }
  }
}

function overlap(one: Region, other: Region): boolean {
  return one.physical < other.physical + other.bytes && other.physical < one.physical + one.bytes;
}

/** The guest whose record is at `record`. */
export function guestAt(guests: readonly GuestRecords[], record: PhysicalAddress): GuestRecords | undefined {
  return guests.find((guest) => guest.record === record);
}
