// How addresses lie in engine state, whose words are signed 32-bit.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";

/** No record: physical address 0 is not RAM. */
export const NONE = physical(0);

/** A stored physical address below 4 GiB, where all engine state lies. */
export function toAddress(word: number): PhysicalAddress {
  return (word >>> 0) as PhysicalAddress;
}

/** The same address as V8 keeps without boxing it, in fields and across calls: CoreMemory takes it either way. */
export function unboxed(address: PhysicalAddress): PhysicalAddress {
  return (address | 0) as PhysicalAddress;
}

export function loadAddress(memory: CoreMemory, at: PhysicalAddress): PhysicalAddress {
  return toAddress(memory.load(at));
}

/** Address of a field or element `offset` bytes into a record in engine state. */
export function field(record: PhysicalAddress, offset: number): PhysicalAddress {
  return (((record | 0) + offset) >>> 0) as PhysicalAddress;
}
