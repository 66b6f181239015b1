// Discovery: from an entry pc to the basic blocks of the guest function around it.

import type { Decoded } from "../instructions/decode.ts";
import { BY_NUMBER } from "../instructions/table.ts";

/** What discovery has to know of the code. */
export interface Surroundings {
  /** Reads the instruction at a pc; null where there is none to translate (illegal, or outside RAM). */
  readonly fetch: (pc: number) => Decoded | null;
  /** Where the jump through a table at a pc was seen to go. */
  readonly targetsOf: (pc: number) => readonly number[];
  /** Whether the unit is left before a pc, unless it begins there. */
  readonly stopsAt: (pc: number) => boolean;
}

export interface Located extends Decoded {
  readonly pc: number;
}

/** How control leaves a block. Block numbers index Unit.blocks. */
export type Ending =
  | { readonly kind: "jump"; readonly to: number }
  | { readonly kind: "branch"; readonly instruction: Located; readonly taken: number; readonly otherwise: number }
  /** Calls the function at `target` and goes on in block `then`. */
  | { readonly kind: "call"; readonly instruction: Located; readonly target: number; readonly then: number }
  | { readonly kind: "call-register"; readonly instruction: Located; readonly then: number }
  /** Return, tail call or jump table: the next pc is known at run time only. `targets` are the blocks it was seen to
   *  go to; it may go elsewhere. */
  | { readonly kind: "jump-register"; readonly instruction: Located; readonly targets: readonly number[] }
  | { readonly kind: "system"; readonly instruction: Located; readonly then: number }
  /** Goes on at a pc outside the unit. */
  | { readonly kind: "leave"; readonly pc: number }
  /** What is at pc cannot be translated: the interpreter takes it from there. */
  | { readonly kind: "interpret"; readonly pc: number };

export interface Block {
  readonly pc: number;
  /** The instructions that are executed in the block, the ending's own (if any) not included. */
  readonly body: readonly Located[];
  readonly ending: Ending;
  /** Instructions retired by running through the block. */
  readonly count: number;
}

export interface Unit {
  readonly blocks: readonly Block[];
  /** Blocks[0] begins here. */
  readonly pc: number;
}

/** Larger functions are cut: what lies beyond is another unit. */
const MAXIMUM_INSTRUCTIONS = 3000;

export function discover(entry: number, surroundings: Surroundings): Unit {
  const instructions = new Map<number, Located>();
  const leaders = new Set<number>([entry]);
  const work = [entry];
  while (work.length > 0) {
    const from = work.pop();
    if (from !== undefined) scan(from, surroundings, instructions, leaders, work);
  }
  return { pc: entry, blocks: buildBlocks(entry, instructions, leaders, surroundings.targetsOf) };
}

export function successors(ending: Ending): readonly number[] {
  switch (ending.kind) {
    case "jump": return [ending.to];
    case "branch": return [ending.taken, ending.otherwise];
    case "call":
    case "call-register":
    case "system": return [ending.then];
    case "jump-register": return ending.targets;
    default: return [];
  }
}

/** The block with its successors renamed. */
export function retarget(block: Block, to: (node: number) => number): Block {
  return { ...block, ending: retargetEnding(block.ending, to) };
}

function retargetEnding(ending: Ending, to: (node: number) => number): Ending {
  switch (ending.kind) {
    case "jump": return { ...ending, to: to(ending.to) };
    case "branch": return { ...ending, taken: to(ending.taken), otherwise: to(ending.otherwise) };
    case "call":
    case "call-register":
    case "system": return { ...ending, then: to(ending.then) };
    case "jump-register": return { ...ending, targets: ending.targets.map(to) };
    default: return ending;
  }
}

function scan(
  from: number, { fetch, targetsOf, stopsAt }: Surroundings, instructions: Map<number, Located>, leaders: Set<number>, work: number[],
): void {
  const lead = (pc: number): void => {
    if (!leaders.has(pc)) {
      leaders.add(pc);
      if (!stopsAt(pc)) work.push(pc);
    }
  };
  for (let pc = from; !instructions.has(pc) && instructions.size < MAXIMUM_INSTRUCTIONS;) {
    const decoded = fetch(pc);
    if (decoded === null) return;
    const instruction: Located = { ...decoded, pc };
    instructions.set(pc, instruction);
    const after = pc + decoded.bytes;
    switch (BY_NUMBER[decoded.number].kind) {
      case "branch":
        lead(pc + decoded.immediate);
        lead(after);
        return;
      case "jump":
        if (isLink(decoded.rd)) lead(after);
        else lead(pc + decoded.immediate);
        return;
      case "jump-register":
        if (isLink(decoded.rd)) lead(after);
        else for (const target of targetsOf(pc)) lead(target);
        return;
      case "system":
        lead(after);
        return;
      default:
        pc = after;
        if (stopsAt(pc)) return lead(pc);
    }
  }
}

/** Whether a jump to the address in a register is neither call nor return: a jump table or a tail call. */
export function isTableJump({ rd, rs1 }: { readonly rd: number; readonly rs1: number }): boolean {
  return rd === 0 && !isLink(rs1);
}

/** x1 and x5 are the link registers (Volume I, 2.5.1): writing one makes a jump a call. */
function isLink(register: number): boolean {
  return register === 1 || register === 5;
}

function buildBlocks(
  entry: number, instructions: Map<number, Located>, leaders: Set<number>, targetsOf: (pc: number) => readonly number[],
): Block[] {
  const starts = [entry, ...[...leaders].filter((pc) => pc !== entry && instructions.has(pc)).sort((a, b) => a - b)];
  const numberOf = new Map(starts.map((pc, index) => [pc, index] as const));
  const extra: Block[] = [];
  // An edge to a pc that was not scanned becomes a block of its own that leaves there.
  const at = (pc: number): number => {
    const known = numberOf.get(pc);
    if (known !== undefined) return known;
    const index = starts.length + extra.length;
    numberOf.set(pc, index);
    extra.push({ pc, body: [], ending: { kind: "leave", pc }, count: 0 });
    return index;
  };
  for (const leader of leaders) at(leader);
  const blocks = starts.map((start) => buildBlock(start, instructions, numberOf, at, targetsOf));
  return [...blocks, ...extra];
}

function buildBlock(
  start: number, instructions: Map<number, Located>, numberOf: Map<number, number>, at: (pc: number) => number,
  targetsOf: (pc: number) => readonly number[],
): Block {
  const body: Located[] = [];
  for (let pc = start; ;) {
    const instruction = instructions.get(pc);
    if (instruction === undefined) {
      return { pc: start, body, ending: { kind: "interpret", pc }, count: body.length };
    }
    const after = pc + instruction.bytes;
    const ending = endingOf(instruction, after, at, targetsOf);
    if (ending !== null) {
      const own = ending.kind === "interpret" ? 0 : 1;
      return { pc: start, body, ending, count: body.length + own };
    }
    body.push(instruction);
    if (numberOf.has(after)) return { pc: start, body, ending: { kind: "jump", to: at(after) }, count: body.length };
    pc = after;
  }
}

function endingOf(
  instruction: Located, after: number, at: (pc: number) => number, targetsOf: (pc: number) => readonly number[],
): Ending | null {
  const { pc, immediate, rd } = instruction;
  switch (BY_NUMBER[instruction.number].kind) {
    case "branch":
      return { kind: "branch", instruction, taken: at(pc + immediate), otherwise: at(after) };
    case "jump":
      if (isLink(rd)) return { kind: "call", instruction, target: pc + immediate, then: at(after) };
      // A jump that keeps a return address elsewhere is left to the interpreter.
      return rd === 0 ? { kind: "jump", to: at(pc + immediate) } : { kind: "interpret", pc };
    case "jump-register":
      if (isLink(rd)) return { kind: "call-register", instruction, then: at(after) };
      return rd === 0 ? { kind: "jump-register", instruction, targets: targetsOf(pc).map(at) } : { kind: "interpret", pc };
    case "system":
      return { kind: "system", instruction, then: at(after) };
    default:
      return null;
  }
}
