// Random instruction streams, each reproducible from the seed of its run and its number.

import { Label, type Assembler } from "./assembler.ts";
import { COUNTERS, emitItems, emitShared, ItemMaker, type Item, type SharedCode } from "./items.ts";
import { buildProgram, SCRATCH_BYTES, type Mode, type Program } from "./program.ts";
import { Random } from "./random.ts";

export interface RandomStream {
  readonly mode: Mode;
  readonly registers: readonly bigint[];
  readonly items: readonly Item[];
}

const MAXIMUM_DEPTH = 2;

export function randomStream(seed: number, number: number): RandomStream {
  const random = new Random(seed, number);
  const mode = random.chance(1, 8) ? "user" : "supervisor";
  const registers = Array.from({ length: 32 }, () => random.value());
  return { mode, registers, items: randomItems(random, 0, [], random.between(4, 30)) };
}

function randomItems(random: Random, depth: number, kept: readonly number[], count: number): readonly Item[] {
  const maker = new ItemMaker(random, kept);
  return Array.from({ length: count }, () => randomItem(random, maker, depth, kept));
}

function randomItem(random: Random, maker: ItemMaker, depth: number, kept: readonly number[]): Item {
  const choice = random.between(0, 99);
  if (choice < 28) return maker.compute();
  if (choice < 40) return maker.computeCompressed();
  if (choice < 52) return maker.access();
  if (choice < 58) return maker.accessCompressed();
  if (choice < 62) return maker.atomic();
  if (choice < 64) return maker.reservation();
  if (choice < 72) return maker.branch(depth > 0);
  if (choice < 75) return maker.branchCompressed();
  if (choice < 76) return maker.jump();
  if (choice < 78) return maker.indirect();
  if (choice < 81) return maker.call();
  if (choice < 82) return maker.callSkipping();
  if (choice < 83) return maker.callRecursive();
  if (choice < 84) return maker.fence();
  if (choice < 88) return maker.csr();
  if (choice < 89) return maker.returnFromTrap();
  if (choice < 90) return maker.illegal();
  if (choice < 91) return maker.breakpoint();
  if (choice < 92) return maker.call0();
  if (choice < 93) return maker.accessFault();
  if (choice < 94) return random.pick([() => maker.fetchFault(), () => maker.misalignedAtomic()])();
  if (choice < 95) return maker.selfModifying();
  if (depth === MAXIMUM_DEPTH) return maker.compute();
  const counter = random.pick(COUNTERS.filter((register) => !kept.includes(register)));
  const body = randomItems(random, depth + 1, [...kept, counter], random.between(1, 8));
  return choice < 98 ? maker.loop(counter, body) : maker.maze(counter, body);
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
