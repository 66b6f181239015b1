// Which ranges of a unit remember the pages that they lay in last: those whose addresses do not come out of memory,
// since what was loaded points anywhere, and others lie where they lay a moment ago.

import { BY_NUMBER } from "../instructions/table.ts";
import type { Block, Unit } from "./blocks.ts";
import { loopNests } from "./flow.ts";
import type { Flow } from "./flow.ts";
import { isBarrier, reads, writes } from "./registers.ts";
import type { RegisterSet } from "./registers.ts";

const STACK_POINTER = 1 << 2;

/** By block: the registers from which addresses are worth remembering. */
export function steadyRegisters(unit: Unit, flow: Flow): RegisterSet[] {
  const nests = loopNests(flow, unit.blocks.length);
  const bodies = new Map<number, Block[]>();
  unit.blocks.forEach((block, node) => {
    const header = nests[node].at(-1);
    if (header !== undefined) bodies.set(header, [...(bodies.get(header) ?? []), block]);
  });
  const steady = new Map([...bodies].map(([header, body]) => [header, steadyIn(body)] as const));
  return unit.blocks.map((_, node) => steady.get(nests[node].at(-1) ?? -1) ?? STACK_POINTER);
}

/** Registers that never hold, in the blocks of a loop, what depends on a load among them. */
function steadyIn(blocks: readonly Block[]): RegisterSet {
  if (blocks.some(isBarrier)) return STACK_POINTER;
  let loaded = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (const instruction of blocks.flatMap((block) => block.body)) {
      const { kind } = BY_NUMBER[instruction.number];
      const depends = (kind !== "compute" && kind !== "store") || (reads(instruction) & loaded) !== 0;
      if (!depends || (loaded | writes(instruction)) === loaded) continue;
      loaded |= writes(instruction);
      changed = true;
    }
  }
  return ~loaded;
}
