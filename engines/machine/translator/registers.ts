// Which guest registers live in locals where: what must be loaded, and what must be stored before leaving.
// Register sets are 32-bit masks; x0 is never in one.

import { operandsOf } from "../instructions/expression.ts";
import { BY_NUMBER } from "../instructions/table.ts";
import { successors } from "./blocks.ts";
import type { Block, Located, Unit } from "./blocks.ts";
import { loopNests } from "./flow.ts";
import type { Flow } from "./flow.ts";

export type RegisterSet = number;

export interface Registers {
  /** Registers that hold something needed at the block's start. */
  readonly liveIn: readonly RegisterSet[];
  /** To store when leaving at the block's start (before its body); 0 where it cannot be left. */
  readonly storeAtStart: readonly RegisterSet[];
  /** To store when leaving before body instruction i; 0 where it cannot be left. */
  readonly storeAt: readonly (readonly RegisterSet[])[];
  /** To store at the block's ending. */
  readonly storeAtEnd: readonly RegisterSet[];
  /** To store before the block's ending, whichever way it goes. */
  readonly storeBefore: readonly RegisterSet[];
  /** To store on the edge from one block to another besides. */
  storeOnEdge(from: number, to: number): RegisterSet;
  /** Registers that need a local at all. */
  readonly used: RegisterSet;
}

/** Ways out with different sets each cost code; a unit with more shares one set among its faults. */
const MAXIMUM_STORE_SETS = 16;

/** Where a unit can be left in the middle. */
export interface Exits {
  /** Whether the slice is checked at the start of a block. */
  isCheckpoint(node: number): boolean;
  /** At the start of a block: at a check of the slice, or of addresses. */
  atStart(node: number): boolean;
  /** Before an instruction of its body. */
  before(node: number, index: number): boolean;
}

export function analyseRegisters(unit: Unit, flow: Flow, exits: Exits): Registers {
  const read = liveness(unit, flow, (block) => endingReads(block), () => 0, () => 0);
  const edges: Edges = {
    flow, read,
    rewritten: rewrittenBeforeCheck(unit, flow, exits),
    inLoop: loopNests(flow, unit.blocks.length).map((nest) => nest.length > 0),
    everyWay: writtenEveryWay(unit, flow),
  };
  const dirtyIn = dirtyAtStart(unit, edges);
  const storeAtStart = unit.blocks.map((_, node) => (exits.atStart(node) ? dirtyIn[node] : 0));
  const storeAt: RegisterSet[][] = [];
  const storeAtEnd: RegisterSet[] = [];
  unit.blocks.forEach((block, node) => {
    let dirty = dirtyIn[node];
    storeAt.push(block.body.map((instruction, index) => {
      const before = exits.before(node, index) ? dirty : 0;
      dirty |= writes(instruction);
      return before;
    }));
    storeAtEnd.push(dirty | endingWrites(block));
  });
  shareSets(unit, storeAt, storeAtStart, exits);
  const givenUp = (from: number, to: number): RegisterSet => storeAtEnd[from] & ~staysDirty(edges, from, to);
  const storeBefore = unit.blocks.map((block, node) => {
    if (!staysInside(block)) return 0;
    return successors(block.ending).reduce((set, to) => set & givenUp(node, to), -1);
  });
  const storeOnEdge = (from: number, to: number): RegisterSet =>
    (isBarrier(unit.blocks[from]) ? 0 : givenUp(from, to) & ~storeBefore[from]);
  const needed = (block: Block, node: number): RegisterSet => {
    const next = successors(block.ending);
    const onEdges = next.reduce((set, to) => set | storeOnEdge(node, to), 0);
    // What may leave the unit at its ending stores what is dirty; the link a call writes needs no earlier value.
    const stored = staysInside(block) ? onEdges | storeBefore[node] : storeAtEnd[node] & ~endingWrites(block);
    return stored | endingReads(block);
  };
  const liveIn = liveness(unit, flow, needed, (node, index) => storeAt[node][index], (node) => storeAtStart[node]);
  let used = 0;
  unit.blocks.forEach((block, node) => {
    used |= liveIn[node] | storeAtEnd[node] | endingReads(block);
    for (const instruction of block.body) used |= reads(instruction) | writes(instruction);
  });
  return { liveIn, storeAtStart, storeAt, storeAtEnd, storeBefore, storeOnEdge, used };
}

interface Edges {
  readonly flow: Flow;
  /** Registers some instruction reads before it is written, by block. */
  readonly read: readonly RegisterSet[];
  /** Registers that may be written from a block on before the slice is checked, by block. */
  readonly rewritten: readonly RegisterSet[];
  readonly inLoop: readonly boolean[];
  /** Registers that are written on every way to a block since they were last loaded, by block. */
  readonly everyWay: readonly RegisterSet[];
}

/**
 * Registers that may stay dirty along an edge. Into a loop none do, so that the ways out within it store only what
 * the loop itself writes; within a loop those do that will be read again, or written again so soon that storing them
 * would be in vain. Values that only ways out would use are thus not kept, and V8's register allocator is not burdened
 * with them. Where ways meet outside loops, what only some of them wrote would have to be loaded on the others.
 */
function staysDirty({ flow, read, rewritten, inLoop, everyWay }: Edges, from: number, to: number): RegisterSet {
  if (flow.headers.has(to) && flow.position[to] > flow.position[from]) return 0;
  return read[to] | rewritten[to] | (inLoop[from] ? 0 : everyWay[to]);
}

function writtenEveryWay(unit: Unit, flow: Flow): RegisterSet[] {
  const written = new Array<RegisterSet>(unit.blocks.length).fill(-1);
  for (const node of [0, ...flow.headers]) written[node] = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (const node of flow.order) {
      const block = unit.blocks[node];
      const out = isBarrier(block) ? 0 : block.body.reduce((set, instruction) => set | writes(instruction), written[node]);
      for (const to of successors(block.ending)) {
        if ((written[to] & out) === written[to]) continue;
        written[to] &= out;
        changed = true;
      }
    }
  }
  return written;
}

function rewrittenBeforeCheck(unit: Unit, flow: Flow, exits: Exits): RegisterSet[] {
  const rewritten = new Array<RegisterSet>(unit.blocks.length).fill(0);
  for (const node of flow.order.toReversed()) { // every cycle is checked
    if (exits.isCheckpoint(node)) continue;
    const block = unit.blocks[node];
    let set = block.body.reduce((written, instruction) => written | writes(instruction), 0);
    if (!isBarrier(block)) for (const to of successors(block.ending)) set |= rewritten[to];
    rewritten[node] = set;
  }
  return rewritten;
}

/** Whether every way on is an edge to a block of the unit, and no call or service comes first. */
function staysInside(block: Block): boolean {
  return block.ending.kind === "jump" || block.ending.kind === "branch";
}

export function canFault(instruction: Located): boolean {
  switch (BY_NUMBER[instruction.number].kind) {
    case "compute":
    case "fence": return false;
    default: return true;
  }
}

function bit(register: number): RegisterSet {
  return register === 0 ? 0 : 1 << register;
}

export function writes(instruction: Located): RegisterSet {
  switch (BY_NUMBER[instruction.number].kind) {
    case "store":
    case "branch":
    case "fence":
    case "system": return 0;
    default: return bit(instruction.rd);
  }
}

export function reads(instruction: Located): RegisterSet {
  const meaning = BY_NUMBER[instruction.number];
  switch (meaning.kind) {
    case "compute": {
      const operands = READS[instruction.number];
      return (operands.rs1 ? bit(instruction.rs1) : 0) | (operands.rs2 ? bit(instruction.rs2) : 0);
    }
    case "load":
    case "load-reserved":
    case "jump-register": return bit(instruction.rs1);
    case "store":
    case "branch":
    case "atomic":
    case "atomic-loop":
    case "store-conditional": return bit(instruction.rs1) | bit(instruction.rs2);
    default: return 0;
  }
}

const READS = BY_NUMBER.map((instruction) => {
  const operands = instruction.kind === "compute" ? operandsOf(instruction.value) : new Set();
  return { rs1: operands.has("rs1"), rs2: operands.has("rs2") };
});

function endingReads(block: Block): RegisterSet {
  return "instruction" in block.ending ? reads(block.ending.instruction) : 0;
}

function endingWrites(block: Block): RegisterSet {
  return block.ending.kind === "call" || block.ending.kind === "call-register" ? writes(block.ending.instruction) : 0;
}

/** Calls and services store what is dirty and load anew: nothing is dirty behind them. */
export function isBarrier(block: Block): boolean {
  return block.ending.kind === "call" || block.ending.kind === "call-register" || block.ending.kind === "system";
}

function dirtyAtStart(unit: Unit, edges: Edges): RegisterSet[] {
  const dirty = new Array<RegisterSet>(unit.blocks.length).fill(0);
  const gained = unit.blocks.map((block) => block.body.reduce((set, instruction) => set | writes(instruction), 0));
  for (let changed = true; changed;) {
    changed = false;
    for (const node of edges.flow.order) {
      const block = unit.blocks[node];
      if (isBarrier(block)) continue;
      for (const to of successors(block.ending)) {
        const out = (dirty[node] | gained[node]) & staysDirty(edges, node, to);
        if ((dirty[to] | out) !== dirty[to]) {
          dirty[to] |= out;
          changed = true;
        }
      }
    }
  }
  return dirty;
}

function shareSets(
  unit: Unit, storeAt: RegisterSet[][], storeAtStart: RegisterSet[], exits: Exits,
): void {
  const sets = new Set<RegisterSet>();
  let all = 0;
  const note = (set: RegisterSet): void => {
    sets.add(set);
    all |= set;
  };
  unit.blocks.forEach((block, node) => {
    if (exits.atStart(node)) note(storeAtStart[node]);
    block.body.forEach((_, index) => { if (exits.before(node, index)) note(storeAt[node][index]); });
  });
  if (sets.size <= MAXIMUM_STORE_SETS) return;
  unit.blocks.forEach((block, node) => {
    if (exits.atStart(node)) storeAtStart[node] = all;
    block.body.forEach((_, index) => { if (exits.before(node, index)) storeAt[node][index] = all; });
  });
}

/** `atEnd`, `before` and `atStart` say what is needed at an ending, before a body instruction, at a block's start. */
function liveness(
  unit: Unit, flow: Flow, atEnd: (block: Block, node: number) => RegisterSet,
  before: (node: number, index: number) => RegisterSet, atStart: (node: number) => RegisterSet,
): RegisterSet[] {
  const liveIn = new Array<RegisterSet>(unit.blocks.length).fill(0);
  for (let changed = true; changed;) {
    changed = false;
    for (let index = flow.order.length - 1; index >= 0; index--) {
      const node = flow.order[index];
      const block = unit.blocks[node];
      let live = atEnd(block, node);
      if (!isBarrier(block)) for (const to of successors(block.ending)) live |= liveIn[to];
      for (let i = block.body.length - 1; i >= 0; i--) {
        const instruction = block.body[i];
        live = (live & ~writes(instruction)) | reads(instruction) | before(node, i);
      }
      live |= atStart(node);
      if (live !== liveIn[node]) {
        liveIn[node] = live;
        changed = true;
      }
    }
  }
  return liveIn;
}
