// A guest's addresses as physical ones, for what it passes to the engine.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, NONE } from "../state/words.ts";
import { VM } from "./record.ts";

/** Physical address of [address, address + bytes) in the guest's RAM, or NONE if not all of it lies there. */
export function physicalOf(memory: CoreMemory, vm: PhysicalAddress, address: number, bytes: number): PhysicalAddress {
  const offset = address - memory.loadNumber(field(vm, VM.guestRam));
  const inside = offset >= 0 && bytes >= 0 && offset + bytes <= memory.loadNumber(field(vm, VM.ramBytes));
  return inside ? physical(memory.loadNumber(field(vm, VM.ram)) + offset) : NONE;
}
