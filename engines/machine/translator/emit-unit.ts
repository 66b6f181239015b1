// One translated unit: WebAssembly for a guest function, from its plan.
//   unit(state, entry, depth) -> next pc, or one of abi.ts's odd values
// Structured control flow is emitted after Ramsey, "Beyond Relooper: Recursive Translation of Unstructured
// Control Flow to Structured Control Flow" (ICFP 2022).
//
// Fuel is checked at entries only. Before a check the longest way to the next one is deducted at once (Plan.longest);
// where a shorter way parts from it, the difference is given back. While a unit is being entered at entry
// `resume` > 0, fuel is lowered by ENTERING, so that the check that every entry makes anyway also finds the way in:
// running loops pay nothing for being enterable.

import { BY_NUMBER } from "../instructions/table.ts";
import { HART } from "../layout.ts";
import type { Code, Label } from "../wasm/code.ts";
import { MISSING } from "./abi.ts";
import type { Block, Ending } from "./blocks.ts";
import { emitCall, emitCallRegister, emitJumpRegister, emitSystem } from "./emit-endings.ts";
import { emitExpression } from "./expressions.ts";
import { emitInstruction, emitUncheckedAccess, operandsFrom } from "./emit-instruction.ts";
import { emitRangeCheck, emitRangeChecks, leaveAtAccess } from "./emit-range-checks.ts";
import type { Plan, Shape } from "./plan.ts";
import { UnitBuilder } from "./unit-builder.ts";
import type { UnitServices } from "./unit-builder.ts";
import { isBarrier } from "./registers.ts";
import type { RegisterSet } from "./registers.ts";
import { LOCAL } from "./unit-locals.ts";
import type { UnitLocals } from "./unit-locals.ts";
import { onWords } from "./words.ts";

/** More than any slice and the longest way together. */
const ENTERING = 2 ** 30;

export interface EmittedUnit {
  readonly body: Uint8Array;
  readonly unlikely: readonly number[];
  readonly locals: UnitLocals;
}

export function emitUnit(plan: Plan, services: UnitServices): EmittedUnit {
  const unit = new UnitBuilder(plan, services);
  new UnitEmitter(unit).emit();
  return { body: unit.code.bytes(), unlikely: unit.code.unlikely(), locals: unit.locals };
}

class UnitEmitter {
  readonly #unit: UnitBuilder;
  readonly #code: Code;
  readonly #plan: Plan;
  readonly #blockLabels = new Map<number, Label>();
  readonly #loopLabels = new Map<number, Label>();

  constructor(unit: UnitBuilder) {
    this.#unit = unit;
    this.#code = unit.code;
    this.#plan = unit.plan;
  }

  emit(): void {
    const { shape } = this.#plan;
    this.#unit.withExits(() => {
      if (shape.kind === "structured") this.#structured(shape);
      else this.#dispatched(shape);
    });
  }

  // ---- control ------------------------------------------------------------------------------------

  #structured(shape: Extract<Shape, { kind: "structured" }>): void {
    const { root } = shape;
    const hops = shape.hops.get(root);
    this.#openMerges(shape, root, () => {
      this.#begin();
      if (hops !== undefined) {
        this.#code.get(LOCAL.resume);
        this.#code.markUnlikely();
        this.#code.if();
        this.#enterWithin(hops);
        this.#code.end();
      }
      this.#unit.load(this.#plan.registers.liveIn[0]);
      this.#unit.addFuel(-this.#plan.longest[0]);
      this.#go(shape, root, 0);
    });
  }

  /** Emits `node`'s dominator subtree. */
  #tree(shape: Extract<Shape, { kind: "structured" }>, node: number): void {
    const isHeader = shape.flow.headers.has(node);
    if (isHeader) this.#loopLabels.set(node, this.#code.loop());
    this.#openMerges(shape, node, () => {
      this.#check(node, shape.hops.get(node));
      this.#body(node, (to) => this.#go(shape, node, to));
    });
    if (isHeader) this.#code.end();
  }

  /** Runs `content` inside one block per merge node that `node` dominates, each followed by that node's tree. */
  #openMerges(shape: Extract<Shape, { kind: "structured" }>, node: number, content: () => void): void {
    const merges = shape.children[node]
      .filter((child) => shape.merges.has(child))
      .toSorted((a, b) => shape.flow.position[b] - shape.flow.position[a]);
    for (const merge of merges) this.#blockLabels.set(merge, this.#code.block());
    content();
    for (const merge of merges.toReversed()) {
      this.#code.end();
      this.#tree(shape, merge);
    }
  }

  #go(shape: Extract<Shape, { kind: "structured" }>, from: number, to: number): void {
    this.#onEdge(from, to);
    const label = this.#labelOf(shape, from, to);
    if (label === null) this.#tree(shape, to);
    else this.#code.br(label);
  }

  #onEdge(from: number, to: number): void {
    this.#unit.store(this.#storedOnEdge(from, to));
    this.#unit.locals.widen(this.#code, this.#widenedOnEdge(from, to));
    this.#unit.addFuel(this.#fuelOnEdge(from, to));
  }

  #worksOnEdge(from: number, to: number): boolean {
    return this.#storedOnEdge(from, to) !== 0 || this.#widenedOnEdge(from, to) !== 0 || this.#fuelOnEdge(from, to) !== 0;
  }

  #storedOnEdge(from: number, to: number): number {
    const { registers, unit } = this.#plan;
    return from < unit.blocks.length ? registers.storeOnEdge(from, to) : 0;
  }

  #widenedOnEdge(from: number, to: number): RegisterSet {
    const { registers, unit, words } = this.#plan;
    if (from >= unit.blocks.length || isBarrier(unit.blocks[from])) return 0;
    return registers.liveIn[to] & ~words[to] & this.#unit.locals.words;
  }

  #fuelOnEdge(from: number, to: number): number {
    const { longest, unit } = this.#plan;
    if (from >= unit.blocks.length || isBarrier(unit.blocks[from])) return 0;
    return this.#unit.aheadBehind(from) - longest[to];
  }

  #labelOf(shape: Extract<Shape, { kind: "structured" }>, from: number, to: number): Label | null {
    const { position } = shape.flow;
    const labels = position[to] <= position[from] ? this.#loopLabels : shape.merges.has(to) ? this.#blockLabels : null;
    if (labels === null) return null;
    const label = labels.get(to);
    if (label === undefined) throw new Error(`block ${to} has no label where block ${from} goes to it`);
    return label;
  }

  /** A loop around a br_table over all blocks: for functions that are not reducible. */
  #dispatched(shape: Extract<Shape, { kind: "dispatched" }>): void {
    const code = this.#code;
    const { entries, registers } = this.#plan;
    this.#begin();
    code.get(LOCAL.resume);
    code.if();
    this.#unit.load(entries.slice(1).reduce((set, block) => set | registers.liveIn[block], 0));
    const targets = code.block();
    entries.forEach((block, entry) => {
      code.get(LOCAL.resume);
      code.i32(entry);
      code.op("i32.eq");
      code.if();
      code.i32(block);
      code.set(LOCAL.next);
      this.#unit.addFuel(-this.#plan.longest[block]);
      code.br(targets);
      code.end();
    });
    code.end();
    code.else();
    this.#unit.load(registers.liveIn[0]);
    this.#unit.addFuel(-this.#plan.longest[0]);
    code.end();
    const loop = code.loop();
    const labels: Label[] = [];
    const { order } = shape.flow;
    for (const node of order.toReversed()) labels[node] = code.block();
    const all = this.#plan.unit.blocks.map((_, node) => labels[node] ?? labels[order[0]]);
    code.get(LOCAL.next);
    code.brTable(all, labels[order[0]]);
    for (const node of order) {
      code.end();
      this.#check(node, undefined);
      this.#body(node, (to) => {
        this.#onEdge(node, to);
        code.i32(to);
        code.set(LOCAL.next);
        code.br(loop);
      });
    }
    code.end();
  }

  /** Loads what every way in needs, and refuses to go deeper than the host stack allows. */
  #begin(): void {
    const code = this.#code;
    code.get(LOCAL.depth);
    code.op("i32.eqz");
    code.markUnlikely();
    code.if();
    code.i64(MISSING); // not unit.pc: it may be entered elsewhere
    code.return();
    code.end();
    this.#unit.begin();
  }

  #enterWithin(hops: ReadonlyMap<number, number>): void {
    const { entries, registers } = this.#plan;
    this.#unit.load(entries.slice(1).reduce((set, block) => set | registers.liveIn[block], 0));
    this.#unit.addFuel(-ENTERING);
    this.#toHop(hops);
  }

  #toHop(hops: ReadonlyMap<number, number>): void {
    const labelOf = (block: number): Label => {
      const label = this.#blockLabels.get(block);
      if (label === undefined) throw new Error(`entry block ${block} has no label`);
      return label;
    };
    const anywhere = labelOf([...hops.values()][0]);
    this.#code.get(LOCAL.resume);
    this.#code.brTable(this.#plan.entries.map((_, entry) => {
      const block = hops.get(entry);
      return block === undefined ? anywhere : labelOf(block);
    }), anywhere);
  }

  /** Begins a block. At a checkpoint: leave if the slice ends before the next check, or if somebody wants this hart's attention. */
  #check(node: number, hops: ReadonlyMap<number, number> | undefined): void {
    this.#unit.locals.goOnWith(this.#plan.words[node]);
    const { checkpoints, entryOf, isTail, longest, registers, unit } = this.#plan;
    if (!checkpoints.has(node)) return;
    const code = this.#code;
    const { pc } = unit.blocks[node];
    this.#pushSpent();
    code.markUnlikely();
    code.if();
    const arrived = code.block();
    this.#enter(node, entryOf.get(node) ?? 0, hops, arrived);
    // The dispatcher looks for a unit that gets on with less; behind a tail unit, only the interpreter does.
    this.#unit.leave(registers.storeAtStart[node], isTail ? pc + 1 : pc, longest[node]);
    code.end();
    code.end();
  }

  /** On the way in: go to the next block on the way, or arrive and go on if the slice allows it. */
  #enter(node: number, entry: number, hops: ReadonlyMap<number, number> | undefined, arrived: Label): void {
    if (this.#plan.shape.kind === "dispatched" || (entry === 0 && hops === undefined)) return;
    const code = this.#code;
    const stay = code.block();
    code.get(LOCAL.fuel);
    code.i32(-ENTERING / 2);
    code.op("i32.gt_s");
    code.brIf(stay);
    if (hops !== undefined) {
      code.get(LOCAL.resume);
      code.i32(entry);
      code.op("i32.ne");
      code.if();
      this.#toHop(hops);
      code.end();
    }
    if (entry !== 0) {
      this.#narrow(node);
      this.#unit.addFuel(ENTERING - this.#plan.longest[node]);
      this.#pushSpent();
      code.op("i32.eqz");
      code.brIf(arrived);
    }
    code.end();
  }

  /** Loaded as they come, the registers that ought to hold words may not: then the interpreter goes on. */
  #narrow(node: number): void {
    const code = this.#code;
    const { unit, words } = this.#plan;
    if (words[node] === 0) return;
    this.#unit.locals.narrow(code, words[node]);
    code.if();
    this.#unit.services.pushPc(code, unit.blocks[node].pc + 1);
    code.return();
    code.end();
  }

  /** Pushes whether fuel does not last to the next check, or attention (0, or more than any fuel) is set. */
  #pushSpent(): void {
    this.#code.get(LOCAL.state);
    this.#code.access("i32.load", HART.attention);
    this.#code.get(LOCAL.fuel);
    this.#code.op("i32.gt_s");
  }

  // ---- blocks -------------------------------------------------------------------------------------

  #body(node: number, go: (to: number) => void): void {
    const block = this.#plan.unit.blocks[node];
    this.#instructions(node, block);
    this.#unit.store(this.#plan.registers.storeBefore[node]);
    const { locals } = this.#unit;
    const { words } = locals;
    this.#ending(node, block, block.ending, (to) => {
      locals.goOnWith(words);
      go(to);
    });
  }

  #instructions(node: number, block: Block): void {
    const { registers, longest, resolving } = this.#plan;
    const checks = this.#plan.checks?.[node];
    const resolve = resolving ? this.#unit.services.resolve : null;
    if (checks !== undefined) emitRangeChecks(this.#unit, node, checks.atStart);
    const { locals, services } = this.#unit;
    block.body.forEach((instruction, index) => {
      const leave = (): void => leaveAtAccess(this.#unit, registers.storeAt[node][index], instruction.pc, longest[node] - index);
      const check = checks?.before.get(index);
      if (check !== undefined) emitRangeCheck(this.#unit, check, leave);
      const covered = checks?.covered.get(index);
      if (covered === undefined) emitInstruction(this.#code, instruction, locals, services, resolve, leave);
      else emitUncheckedAccess(this.#code, instruction, locals, services, covered);
    });
  }

  #ending(node: number, block: Block, ending: Ending, go: (to: number) => void): void {
    const stored = this.#plan.registers.storeAtEnd[node];
    switch (ending.kind) {
      case "jump": return go(ending.to);
      case "branch": return this.#branch(node, ending, go);
      case "call": return emitCall(this.#unit, ending, stored, go);
      case "call-register": return emitCallRegister(this.#unit, ending, stored, go);
      case "system": return emitSystem(this.#unit, ending, stored, go);
      case "jump-register": return emitJumpRegister(this.#unit, node, ending, stored, go);
      case "leave": return this.#unit.storeAndReturn(stored, () => this.#unit.services.pushPc(this.#code, ending.pc));
      case "interpret": return this.#unit.storeAndReturn(stored, () => this.#unit.services.pushPc(this.#code, ending.pc + 1));
    }
  }

  #branch(node: number, ending: Extract<Ending, { kind: "branch" }>, go: (to: number) => void): void {
    const code = this.#code;
    const meaning = BY_NUMBER[ending.instruction.number];
    if (meaning.kind !== "branch") throw new Error("a branch ending holds a branch instruction");
    const { shape } = this.#plan;
    const operands = operandsFrom(ending.instruction, this.#unit.locals, this.#unit.services);
    const condition = onWords(meaning.condition, ending.instruction, (register) => this.#unit.locals.isWord(register));
    emitExpression(code, condition, operands, this.#unit.locals.temporaries);
    const direct = (to: number): Label | null =>
      shape.kind === "structured" && !this.#worksOnEdge(node, to) ? this.#labelOf(shape, node, to) : null;
    const taken = direct(ending.taken);
    if (taken !== null) {
      code.brIf(taken);
      return go(ending.otherwise);
    }
    const otherwise = direct(ending.otherwise);
    if (otherwise !== null) {
      code.op("i32.eqz");
      code.brIf(otherwise);
      return go(ending.taken);
    }
    code.if();
    go(ending.taken);
    code.else();
    go(ending.otherwise);
    code.end();
    code.unreachable();
  }
}
