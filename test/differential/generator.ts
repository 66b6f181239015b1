// Random instruction streams, each reproducible from the seed of its run and its number.

import { Label, type Assembler } from "./assembler.ts";
import { Choice, COUNTERS } from "./choice.ts";
import { compute, computeCompressed, fence } from "./compute-items.ts";
import {
  branch, branchCompressed, call, callRecursive, callSkipping, indirect, jump, loop, maze, selfModifying,
} from "./control-items.ts";
import { emitItems, type Item, type SharedCode } from "./item.ts";
import {
  access, accessCompressed, accessesAtTheEnd, accessFault, atomic, misalignedAtomic, reservation,
} from "./memory-items.ts";
import { buildProgram, SCRATCH_BYTES, type Mode, type Program } from "./program.ts";
import { Random } from "./random.ts";
import { emitShared } from "./shared-code.ts";
import { breakpoint, csr, fetchFault, illegal, returnFromTrap, unknownCall } from "./system-items.ts";

export interface RandomStream {
  readonly mode: Mode;
  readonly registers: readonly bigint[];
  readonly items: readonly Item[];
}

const MAXIMUM_DEPTH = 2;

/** Items of a stream, least and most. */
export const USUAL_SIZE = [4, 30] as const;

export function randomStream(seed: number, number: number, size: readonly [number, number] = USUAL_SIZE): RandomStream {
  const random = new Random(seed, number);
  const mode = random.chance(1, 8) ? "user" : "supervisor";
  const registers = Array.from({ length: 32 }, () => random.value());
  return { mode, registers, items: randomItems(new Choice(random, []), 0, random.between(...size)) };
}

function randomItems(choice: Choice, depth: number, count: number): readonly Item[] {
  return Array.from({ length: count }, () => randomItem(choice, depth));
}

/** Kinds of items, and how many of a hundred they are. */
const KINDS: readonly (readonly [weight: number, make: (choice: Choice, depth: number) => Item])[] = [
  [26, (choice) => compute(choice)],
  [12, computeCompressed],
  [12, access],
  [6, accessCompressed],
  [4, atomic],
  [2, reservation],
  [8, (choice, depth) => branch(choice, depth > 0)],
  [3, branchCompressed],
  [1, jump],
  [2, indirect],
  [3, call],
  [1, callSkipping],
  [1, callRecursive],
  [1, fence],
  [4, csr],
  [1, returnFromTrap],
  [1, illegal],
  [1, breakpoint],
  [1, unknownCall],
  [1, accessFault],
  [2, accessesAtTheEnd],
  [1, (choice) => (choice.random.chance(1, 2) ? fetchFault(choice) : misalignedAtomic(choice))],
  [1, selfModifying],
  [3, (choice, depth) => nested(choice, depth, loop)],
  [2, (choice, depth) => nested(choice, depth, maze)],
];
const LOTS = KINDS.flatMap(([weight, make]) => new Array<typeof make>(weight).fill(make));

function randomItem(choice: Choice, depth: number): Item {
  return choice.random.pick(LOTS)(choice, depth);
}

/** A loop with a body, which does not write the loop's counter; deep inside, something else. */
function nested(choice: Choice, depth: number, make: typeof loop): Item {
  if (depth === MAXIMUM_DEPTH) return compute(choice);
  const counter = choice.random.pick(COUNTERS.filter((register) => !choice.kept.has(register)));
  return make(choice, counter, randomItems(choice.keeping(counter), depth + 1, choice.random.between(1, 8)));
}

/** The program that runs these streams. Shared functions and the scratch buffer follow from the seed. */
export function programOf(seed: number, streams: readonly RandomStream[], passes: number): Program {
  const random = new Random(seed, -1);
  const scratch = new Uint8Array(SCRATCH_BYTES);
  for (let at = 0; at < scratch.length; at++) scratch[at] = random.bits();
  let functions: SharedCode | undefined;
  const shared = (code: Assembler): void => {
    functions = emitShared(code, random);
  };
  return buildProgram(streams.map((stream) => ({
    mode: stream.mode,
    registers: stream.registers,
    emit(code: Assembler): void {
      if (functions === undefined) throw new Error("streams come behind the functions they call");
      const leave = new Label();
      emitItems(code, stream.items, { leave, shared: functions });
      code.bind(leave);
    },
  })), passes, scratch, shared);
}

/** One line an item, indented by nesting. */
export function describeStream(stream: RandomStream): string {
  const lines = (items: readonly Item[], indent: string): string[] =>
    items.flatMap((item) => [indent + item.text, ...lines(item.body, `${indent}  `)]);
  return [`${stream.mode} mode`, ...lines(stream.items, "  ")].join("\n");
}
