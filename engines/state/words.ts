// How addresses and 64-bit values lie in engine state, whose words are signed 32-bit.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";

/** No record: physical address 0 is not RAM. */
export const NONE = physical(0);

const TWO_32 = 0x1_0000_0000;

/** A stored physical address below 4 GiB, where all engine state lies. */
export function toAddress(word: number): PhysicalAddress {
  return physical(word >>> 0);
}

export function loadAddress(memory: CoreMemory, at: PhysicalAddress): PhysicalAddress {
  return toAddress(memory.load(at));
}

/** Address of a field or element `offset` bytes into a record. */
export function field(record: PhysicalAddress, offset: number): PhysicalAddress {
  return physical(record + offset);
}

/** Stores a non-negative integer below 2^53 as hardware lays out 64 bits: low word first. */
export function storeInteger64(memory: CoreMemory, at: PhysicalAddress, value: number): void {
  memory.store(at, value | 0);
  memory.store(field(at, 4), Math.floor(value / TWO_32) | 0);
}

export function loadInteger64(memory: CoreMemory, at: PhysicalAddress): number {
  return (memory.load(at) >>> 0) + (memory.load(field(at, 4)) >>> 0) * TWO_32;
}
