// The bytes that a unit was made from, as runs of host memory of which none crosses a page: what fence.i compares.

import type { Block } from "./blocks.ts";
import type { Fetched } from "./fetched.ts";
import type { TranslatedUnit } from "./translation-table.ts";

const PAGE_BYTES = 0x1000;
/** A block that ends in a plain jump ends in at most this many bytes of it. */
const JUMP_BYTES = 4;

/** `locate`: where in `memory` the bytes lie that nobody fetched, or null. */
export function codeOf(
  blocks: readonly Block[], fetched: Fetched, memory: Uint8Array, locate: (pc: number) => number | null,
): TranslatedUnit["code"] {
  const once = new Map(blocks.map((block) => [block.pc, block] as const)); // some are copies
  return [...once.values()].flatMap((block) => {
    const ending = "instruction" in block.ending ? block.ending.instruction.bytes : JUMP_BYTES;
    const length = block.body.reduce((sum, instruction) => sum + instruction.bytes, 0) + ending;
    return pagesOf(block.pc, length).flatMap(({ pc, bytes }) => {
      const host = fetched.hostOf(pc) ?? locate(pc);
      return host === null ? [] : [{ pc, host, bytes: fetched.restore(pc, memory.slice(host, host + bytes)) }];
    });
  });
}

/** [pc, pc + length), cut where pages end. */
function pagesOf(pc: number, length: number): { readonly pc: number; readonly bytes: number }[] {
  const runs: { readonly pc: number; readonly bytes: number }[] = [];
  for (let from = pc; from < pc + length;) {
    const next = Math.min(pc + length, (Math.floor(from / PAGE_BYTES) + 1) * PAGE_BYTES);
    runs.push({ pc: from, bytes: next - from });
    from = next;
  }
  return runs;
}
