// What has to be known of a unit before a byte of it is emitted: where it can be entered, left and checked.

import { successors } from "./blocks.ts";
import type { Unit } from "./blocks.ts";
import { placeChecks } from "./checks.ts";
import type { BlockChecks, CheckReach } from "./checks.ts";
import { analyse, loopNests } from "./flow.ts";
import type { Flow, Graph } from "./flow.ts";
import { analyseRegisters, canFault } from "./registers.ts";
import type { Exits, Registers, RegisterSet } from "./registers.ts";
import { steadyRegisters } from "./remembered-pages.ts";
import { wordsAtStart } from "./words.ts";

export interface Plan {
  readonly unit: Unit;
  /** Blocks at which the unit can be entered: entries[0] is block 0. */
  readonly entries: readonly number[];
  /** Index in `entries` by block; undefined for other blocks. */
  readonly entryOf: ReadonlyMap<number, number>;
  /** Blocks at which the slice is checked: the entries, or in a tail unit all. */
  readonly checkpoints: ReadonlySet<number>;
  readonly isTail: boolean;
  /** By block: instructions on the longest way through it to the next check. */
  readonly longest: readonly number[];
  readonly registers: Registers;
  /** By block: live registers that hold words whichever way control comes to its start. */
  readonly words: readonly RegisterSet[];
  readonly exits: Exits;
  /** Whether accesses outside the RAM window are resolved in place; if not, they leave the unit. */
  readonly resolving: boolean;
  /** By block: where addresses are checked. Null: each access does by itself. */
  readonly checks: readonly BlockChecks[] | null;
  /** Under page tables, by block: registers from which addresses are remembered. */
  readonly steady: readonly RegisterSet[];
  /** The most ranges checked at the starts of blocks that are alive at once. */
  readonly bases: number;
  readonly shape: Shape;
}

/**
 * Structured: the blocks as a reducible graph with one more node, the root, from which every entry is reached
 * through the headers of the loops around it, so that being entered there does not make a loop irreducible.
 * Dispatched: the function was irreducible to begin with.
 */
export type Shape =
  | {
    readonly kind: "structured";
    readonly root: number;
    readonly flow: Flow;
    readonly children: readonly (readonly number[])[];
    readonly merges: ReadonlySet<number>;
    /** By node (root or loop header): the next block on the way to each entry that lies within. */
    readonly hops: ReadonlyMap<number, ReadonlyMap<number, number>>;
  }
  | { readonly kind: "dispatched"; readonly flow: Flow };

/**
 * `reach`: of checks, if accesses outside the RAM window leave the unit; null if they are resolved in place. A tail unit
 * checks the slice at every block.
 */
export function plan(unit: Unit, reach: CheckReach | null, isTail: boolean): Plan {
  const graph: Graph = { size: unit.blocks.length, successors: unit.blocks.map((block) => successors(block.ending)) };
  const flow = analyse(graph, 0);
  const entries = entryBlocks(unit, flow);
  const entryOf = new Map(entries.map((block, index) => [block, index] as const));
  const checkpoints = new Set(isTail ? unit.blocks.keys() : entries);
  const steady = reach?.atStartOnly === true ? steadyRegisters(unit, flow) : unit.blocks.map(() => 0);
  const checks = reach === null ? null : placeChecks(unit, flow, checkpoints, reach, steady);
  const exits: Exits = {
    isCheckpoint: (node) => checkpoints.has(node),
    atStart: (node) => checkpoints.has(node) || (checks !== null && checks[node].atStart.length > 0),
    before: (node, index) => checks?.[node].before.has(index) === true ||
      (canFault(unit.blocks[node].body[index]) && checks?.[node].covered.has(index) !== true),
  };
  const registers = analyseRegisters(unit, flow, exits);
  const words = flow.reducible ? wordsAtStart(unit, flow).map((set, node) => set & registers.liveIn[node]) : unit.blocks.map(() => 0);
  return {
    unit, entries, entryOf, checkpoints, isTail, checks, steady, exits,
    bases: Math.max(0, ...(checks ?? []).flatMap(({ atStart }) => atStart.map(({ number }) => number + 1))),
    resolving: reach === null,
    longest: longestPaths(unit, flow, checkpoints),
    registers, words,
    shape: flow.reducible ? structure(unit, flow, entries) : { kind: "dispatched", flow },
  };
}

/** The start, every loop header, and wherever calls and services come back to. */
function entryBlocks(unit: Unit, flow: Flow): number[] {
  const entries = new Set([0, ...flow.headers]);
  for (const node of flow.order) {
    const { ending } = unit.blocks[node];
    if ("then" in ending) entries.add(ending.then);
  }
  return [0, ...[...entries].filter((node) => node !== 0).sort((a, b) => flow.position[a] - flow.position[b])];
}

function longestPaths(unit: Unit, flow: Flow, checkpoints: ReadonlySet<number>): number[] {
  const longest = new Array<number>(unit.blocks.length).fill(0);
  for (let index = flow.order.length - 1; index >= 0; index--) {
    const node = flow.order[index];
    let further = 0;
    for (const to of successors(unit.blocks[node].ending)) {
      if (!checkpoints.has(to)) further = Math.max(further, longest[to]);
    }
    longest[node] = unit.blocks[node].count + further;
  }
  return longest;
}

function structure(unit: Unit, base: Flow, entries: readonly number[]): Shape {
  const root = unit.blocks.length;
  const nests = loopNests(base, unit.blocks.length);
  const hops = new Map<number, Map<number, number>>();
  entries.forEach((block, entry) => {
    if (entry === 0) return;
    const path = nests[block].includes(block) ? nests[block] : [...nests[block], block];
    path.forEach((next, index) => {
      const from = index === 0 ? root : path[index - 1];
      let within = hops.get(from);
      if (within === undefined) hops.set(from, (within = new Map<number, number>()));
      within.set(entry, next);
    });
  });
  const forward = (node: number): number[] => [...new Set(hops.get(node)?.values() ?? [])];
  const successorsOf = unit.blocks.map((block, node) => [...new Set([...successors(block.ending), ...forward(node)])]);
  successorsOf.push([...new Set([0, ...forward(root)])]);
  const flow = analyse({ size: root + 1, successors: successorsOf }, root);

  const children: number[][] = Array.from({ length: root + 1 }, () => []);
  const merges = new Set<number>([...hops.values()].flatMap((within) => [...within.values()]));
  for (const node of flow.order) {
    if (node !== root) children[flow.dominator[node]].push(node);
    const before = flow.predecessors[node].filter((from) => flow.position[from] < flow.position[node]);
    if (before.length > 1) merges.add(node);
  }
  return { kind: "structured", root, flow, children, merges, hops };
}
