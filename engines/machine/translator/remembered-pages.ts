// Which ranges of a unit remember the page that they lay in last: those whose addresses do not come out of memory,
// since what was loaded points anywhere, and others lie where they lay a moment ago.

import { BY_NUMBER } from "../instructions/table.ts";
import { loopNests } from "./flow.ts";
import type { Plan } from "./plan.ts";
import { isBarrier, reads, writes } from "./registers.ts";
import type { RegisterSet } from "./registers.ts";

const STACK_POINTER = 1 << 2;

/** By block: the registers from which addresses are worth remembering. */
export function steadyRegisters(plan: Plan): RegisterSet[] {
  const { shape, unit } = plan;
  const nests = loopNests(shape.flow, shape.flow.predecessors.length);
  const bodies = new Map<number, number[]>();
  unit.blocks.forEach((_, node) => {
    const header = nests[node].at(-1);
    if (header !== undefined) bodies.set(header, [...(bodies.get(header) ?? []), node]);
  });
  const steady = new Map([...bodies].map(([header, body]) => [header, steadyIn(plan, body)] as const));
  return unit.blocks.map((_, node) => steady.get(nests[node].at(-1) ?? -1) ?? STACK_POINTER);
}

/** Registers that never hold, in the blocks of a loop, what depends on a load among them. */
function steadyIn(plan: Plan, body: readonly number[]): RegisterSet {
  const blocks = body.map((node) => plan.unit.blocks[node]);
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
