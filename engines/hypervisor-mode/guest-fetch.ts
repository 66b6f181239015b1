// The instruction that a guest trapped on, read by the engine: the hardware leaves htinst zero.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { NONE } from "../state/words.ts";
import { physicalOf } from "../virtual-machine/memory.ts";
import { translateFetch } from "../virtual-machine/guest-walk.ts";

/** Defined as illegal: what cannot be read is no instruction to handle. */
const ILLEGAL = 0;
const HALF = 2;
const PAGE_MASK = 0xfff;

/** The instruction at sepc: 32 bits, of which a compressed one has the low 16; 0 if it cannot be read. */
export function fetchTrapped(hart: Hart, vm: PhysicalAddress): number {
  const { memory } = hart;
  const low = hart.trapPcLow();
  const high = hart.trapPcHigh();
  const at = physicalOf(memory, vm, translateFetch(hart, vm, low, high), HALF);
  if (at === NONE) return ILLEGAL;
  const first = loadHalf(memory, at);
  if ((first & 3) !== 3) return first;
  // Beyond a page's last halfword, wherever the next page is.
  const next = (low & PAGE_MASK) === PAGE_MASK - 1
    ? physicalOf(memory, vm, translateFetch(hart, vm, (low + HALF) | 0, low === -HALF ? (high + 1) | 0 : high), HALF)
    : physical(at + HALF);
  return next === NONE ? ILLEGAL : first | (loadHalf(memory, next) << 16);
}

function loadHalf(memory: CoreMemory, at: PhysicalAddress): number {
  return (memory.load(physical((at & ~3) >>> 0)) >>> (8 * (at & 2))) & 0xffff;
}
