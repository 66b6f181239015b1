// The hart masks of legacy calls: words of 64 harts each, at a virtual address of the guest in a0; or none there
// for all harts, as OpenSBI has it.

import { CAUSE } from "../machine/hart/privileged.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { PhysicalAddress } from "../machine/address.ts";
import { field, NONE } from "../state/words.ts";
import { physicalOf } from "../virtual-machine/memory.ts";
import { VM } from "../virtual-machine/record.ts";
import { A0 } from "./numbers.ts";

export const HARTS_IN_WORD = 64;
const WORD_BYTES = 8;

export function namesAll(hart: Hart): boolean {
  return hart.xLow(A0) === 0 && hart.xHigh(A0) === 0;
}

/** Whether all of the mask can be read; if not, the guest gets the fault, at its call. */
export function canReadMask(hart: Hart, vm: PhysicalAddress): boolean {
  if (namesAll(hart)) return true;
  const words = Math.ceil(hart.memory.load(field(vm, VM.vcpuCount)) / HARTS_IN_WORD);
  for (let word = 0; word < words; word++) {
    if (maskWord(hart, vm, word) !== NONE) continue;
    hart.inject(CAUSE.loadAccess, hart.xLow(A0), hart.xHigh(A0));
    return false;
  }
  return true;
}

/** Where a word of the mask lies, or NONE if that is not the guest's memory. */
export function maskWord(hart: Hart, vm: PhysicalAddress, word: number): PhysicalAddress {
  const address = hart.xNumber(A0) + word * WORD_BYTES;
  return address % WORD_BYTES === 0 ? physicalOf(hart.memory, vm, address, WORD_BYTES) : NONE;
}

/** The bits from 0 to `count` - 1 of a word. */
export function within(word: number, count: number): number {
  return count >= 32 ? word : count <= 0 ? 0 : word & ((1 << count) - 1);
}
