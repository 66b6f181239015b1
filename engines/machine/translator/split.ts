// Irreducible functions made reducible by node splitting: a loop with several entries keeps one, and what can be
// reached from another before that one is copied for those who come in there. (Compilers produce such loops by
// jumping to the test in their middle.)

import { retarget, successors } from "./blocks.ts";
import type { Block, Unit } from "./blocks.ts";
import { analyse, dominates } from "./flow.ts";
import type { Flow } from "./flow.ts";

/** Copies may make a unit this many times as large, and no larger. */
const GROWTH = 3;

/** The same unit with every loop entered at one block only; or as it was, if that would take too many copies. */
export function makeReducible(unit: Unit): Unit {
  const limit = GROWTH * instructions(unit.blocks) + 100;
  let blocks = [...unit.blocks];
  for (;;) {
    const flow = analyse({ size: blocks.length, successors: blocks.map((block) => successors(block.ending)) }, 0);
    const into = irreducibleTarget(blocks, flow);
    if (into === null) return { pc: unit.pc, blocks };
    blocks = split(blocks, flow, into);
    if (instructions(blocks) > limit) return unit;
  }
}

function instructions(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + block.count + 1, 0);
}

/** A block that a retreating edge enters without being dominated by it. */
function irreducibleTarget(blocks: readonly Block[], flow: Flow): number | null {
  for (const node of flow.order) {
    for (const to of successors(blocks[node].ending)) {
      const retreats = flow.position[to] <= flow.position[node];
      if (retreats && !dominates(to, node, flow.dominator, flow.position)) return to;
    }
  }
  return null;
}

function split(blocks: readonly Block[], flow: Flow, into: number): Block[] {
  const loop = cycleAround(blocks, flow, into);
  const entries = [...loop].filter((node) => flow.predecessors[node].some((from) => !loop.has(from)));
  // Keep the entry that leaves the least to copy for the others.
  const choices = entries.flatMap((keep) => entries.filter((entry) => entry !== keep).map((entry) => {
    const region = reachable(blocks, entry, (node) => loop.has(node) && node !== keep);
    return { entry, region, cost: [...region].reduce((sum, node) => sum + blocks[node].count + 1, 0) };
  }));
  const { entry, region } = choices.reduce((best, choice) => (choice.cost < best.cost ? choice : best));
  const copyOf = new Map([...region].map((node, index) => [node, blocks.length + index] as const));
  const copies = [...region].map((node) => retarget(blocks[node], (to) => copyOf.get(to) ?? to));
  const copiedEntry = copyOf.get(entry) ?? entry;
  const originals = blocks.map((block, node) =>
    loop.has(node) ? block : retarget(block, (to) => (to === entry ? copiedEntry : to)));
  return [...originals, ...copies];
}

/** The strongly connected blocks around `node`, below its immediate dominator. */
function cycleAround(blocks: readonly Block[], flow: Flow, node: number): Set<number> {
  const above = flow.dominator[node];
  const within = (other: number): boolean =>
    other !== above && flow.position[other] >= 0 && dominates(above, other, flow.dominator, flow.position);
  const forward = reachable(blocks, node, within);
  const backward = new Set<number>();
  const work = [node];
  while (work.length > 0) {
    const at = work.pop();
    if (at === undefined || backward.has(at) || !within(at)) continue;
    backward.add(at);
    work.push(...flow.predecessors[at]);
  }
  return new Set([...forward].filter((other) => backward.has(other)));
}

function reachable(blocks: readonly Block[], from: number, within: (node: number) => boolean): Set<number> {
  const seen = new Set<number>();
  const work = [from];
  while (work.length > 0) {
    const node = work.pop();
    if (node === undefined || seen.has(node) || !within(node)) continue;
    seen.add(node);
    work.push(...successors(blocks[node].ending));
  }
  return seen;
}
