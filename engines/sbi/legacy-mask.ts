// The hart masks of legacy calls: words of 64 harts each, at a virtual address of the guest in a0; or none there
// for all harts, as OpenSBI has it.

import { CAUSE } from "../machine/hart/privileged.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { PhysicalAddress } from "../machine/address.ts";
import { field, NONE } from "../state/words.ts";
import { translateRead, UNMAPPED } from "../virtual-machine/guest-walk.ts";
import { physicalOf } from "../virtual-machine/memory.ts";
import { VM } from "../virtual-machine/record.ts";
import { A0 } from "./numbers.ts";

export const HARTS_IN_WORD = 64;
const WORD_BYTES = 8;
const HIGH_UNIT = 0x1_0000_0000;

export function namesAll(hart: Hart): boolean {
  return hart.xLow(A0) === 0 && hart.xHigh(A0) === 0;
}

/** The CSRs in which an engine finds its guest's satp and sstatus. */
export interface FirstStage {
  readonly atp: number;
  readonly status: number;
}

/** Whether all of the mask can be read; if not, the guest gets the fault, at its call. */
export function canReadMask(hart: Hart, vm: PhysicalAddress, stage: FirstStage): boolean {
  if (namesAll(hart)) return true;
  const words = Math.ceil(hart.memory.load(field(vm, VM.vcpuCount)) / HARTS_IN_WORD);
  for (let word = 0; word < words; word++) {
    const address = guestAddress(hart, vm, stage, word);
    if (address !== UNMAPPED && physicalOf(hart.memory, vm, address, WORD_BYTES) !== NONE) continue;
    hart.inject(address === UNMAPPED ? CAUSE.loadPage : CAUSE.loadAccess, hart.xLow(A0), hart.xHigh(A0));
    return false;
  }
  return true;
}

/** Where a word of the mask lies, which can be read. */
export function maskWord(hart: Hart, vm: PhysicalAddress, stage: FirstStage, word: number): PhysicalAddress {
  return physicalOf(hart.memory, vm, guestAddress(hart, vm, stage, word), WORD_BYTES);
}

/** The mask is taken to be aligned, as words are: so none crosses a page. */
function guestAddress(hart: Hart, vm: PhysicalAddress, stage: FirstStage, word: number): number {
  const low = ((hart.xLow(A0) & -WORD_BYTES) >>> 0) + word * WORD_BYTES;
  const high = hart.xHigh(A0) + (low >= HIGH_UNIT ? 1 : 0);
  return translateRead(hart, vm, stage.atp, stage.status, low | 0, high | 0);
}

/** The bits from 0 to `count` - 1 of a word. */
export function within(word: number, count: number): number {
  return count >= 32 ? word : count <= 0 ? 0 : word & ((1 << count) - 1);
}
