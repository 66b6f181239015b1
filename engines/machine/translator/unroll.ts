// Small innermost loops unrolled: the check at the loop's head, the stores of registers that nobody but a way out at
// that check would read, and the moves that V8 makes at the back edge then happen once in several rounds.

import { retarget, successors } from "./blocks.ts";
import type { Block, Unit } from "./blocks.ts";
import { analyse, loopNests } from "./flow.ts";
import type { Flow } from "./flow.ts";

/** Rounds in one pass of an unrolled loop, at most. */
const ROUNDS = 4;
/** Instructions in one pass of an unrolled loop, at most. */
const LONGEST = 224;
/** Instructions that all copies in a unit may add: so many, and as many for each that it has. */
const GROWTH = { fixed: 192, relative: 0.5 } as const;

/** The same unit, its loops without inner loops, calls or services unrolled as far as their size allows. */
export function unrollLoops(unit: Unit): Unit {
  const graph = { size: unit.blocks.length, successors: unit.blocks.map((block) => successors(block.ending)) };
  const flow = analyse(graph, 0);
  if (!flow.reducible) return unit;
  const blocks = [...unit.blocks];
  let room = GROWTH.fixed + GROWTH.relative * instructions(unit.blocks);
  for (const [header, body] of innermostLoops(flow, unit.blocks.length)) {
    if (![...body].every((node) => staysInside(unit.blocks[node]))) continue;
    const count = instructions([...body].map((node) => unit.blocks[node]));
    const rounds = Math.min(ROUNDS, Math.floor(LONGEST / count), 1 + Math.floor(room / count));
    if (rounds < 2) continue;
    unroll(blocks, header, body, rounds);
    room -= (rounds - 1) * count;
  }
  return { pc: unit.pc, blocks };
}

function instructions(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + block.count, 0);
}

function innermostLoops(flow: Flow, size: number): Map<number, Set<number>> {
  const loops = new Map<number, Set<number>>();
  const outer = new Set<number>();
  loopNests(flow, size).forEach((nest, node) => {
    const inner = nest.at(-1);
    if (inner === undefined) return;
    for (const header of nest.slice(0, -1)) outer.add(header);
    const body = loops.get(inner) ?? new Set<number>();
    loops.set(inner, body.add(node));
  });
  for (const header of outer) loops.delete(header);
  return loops;
}

function staysInside(block: Block): boolean {
  return block.ending.kind === "jump" || block.ending.kind === "branch";
}

function unroll(blocks: Block[], header: number, body: ReadonlySet<number>, rounds: number): void {
  const nodes = [...body];
  const originals = nodes.map((node) => blocks[node]);
  const first = blocks.length;
  const copyOf = new Map(nodes.map((node, index) => [node, index] as const));
  /** Where `node` lies in a round; round 0 are the originals. */
  const inRound = (round: number, node: number): number => {
    const index = copyOf.get(node);
    return round === 0 || index === undefined ? node : first + (round - 1) * nodes.length + index;
  };
  for (let round = 0; round < rounds; round++) {
    const next = (round + 1) % rounds;
    nodes.forEach((node, index) => {
      blocks[inRound(round, node)] = retarget(originals[index], (to) => inRound(to === header ? next : round, to));
    });
  }
}
