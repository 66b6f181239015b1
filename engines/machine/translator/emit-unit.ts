// One translated unit: WebAssembly for a guest function, from its plan.
//   unit(state, entry, depth) -> next pc, or one of abi.ts's odd values
// Structured control flow is emitted after Ramsey, "Beyond Relooper: Recursive Translation of Unstructured
// Control Flow to Structured Control Flow" (ICFP 2022).
//
// Fuel is deducted per block and checked at entries only. While a unit is being entered at entry `resume` > 0, fuel
// is lowered by ENTERING, so that the check that every entry makes anyway also finds the way in: running loops pay
// nothing for being enterable.

import { BY_NUMBER } from "../instructions/table.ts";
import { CONTINUE, HART, LEAVE, RAM_BASE } from "../layout.ts";
import { Code } from "../wasm/code.ts";
import type { Label } from "../wasm/code.ts";
import { LEFT_PC, LOOKUP, MISSING, MOVED_PC, TYPE } from "./abi.ts";
import { isTableJump } from "./blocks.ts";
import type { Block, Ending } from "./blocks.ts";
import { emitExpression } from "./expressions.ts";
import { emitInstruction, emitUncheckedAccess, operandsFrom } from "./emit-instruction.ts";
import type { Hoisting } from "./hoisting.ts";
import type { Plan, Shape } from "./plan.ts";
import { LOCAL, UnitLocals } from "./unit-locals.ts";

/** The fast RAM window of an address space: constants of everything translated for it. */
export interface RamWindow {
  /** Host offset of RAM_BASE. */
  readonly offset: number;
  /** Bytes - 8. */
  readonly limit: number;
}

export interface UnitServices {
  /** Function indexes of the imports. */
  readonly system: number;
  readonly resolve: number;
  readonly jump: number;
  readonly window: RamWindow;
  /** Slot in the function table of the unit that begins at a pc. */
  slotOf(pc: number): number;
}

/** More than any slice; what is left of a slice is never negative at a check. */
const ENTERING = 2 ** 30;
/** RamWindow.limit is this much less than the window's length. */
const WINDOW_SLACK = 8;

export interface EmittedUnit {
  readonly body: Uint8Array;
  readonly unlikely: readonly number[];
  readonly locals: UnitLocals;
}

export function emitUnit(plan: Plan, services: UnitServices): EmittedUnit {
  return new UnitEmitter(plan, services).emit();
}

class UnitEmitter {
  readonly #code = new Code();
  readonly #plan: Plan;
  readonly #services: UnitServices;
  readonly #locals: UnitLocals;
  /** By set of registers to store: the label of the code that stores them and returns. */
  readonly #exits = new Map<number, Label>();
  readonly #blockLabels = new Map<number, Label>();
  readonly #loopLabels = new Map<number, Label>();

  constructor(plan: Plan, services: UnitServices) {
    this.#plan = plan;
    this.#services = services;
    this.#locals = new UnitLocals(plan.registers.used);
  }

  emit(): EmittedUnit {
    const code = this.#code;
    const { shape } = this.#plan;
    const sets = this.#exitSets();
    for (const set of sets) this.#exits.set(set, code.block());
    if (shape.kind === "structured") this.#structured(shape);
    else this.#dispatched(shape);
    code.unreachable();
    for (const set of sets.toReversed()) {
      code.end();
      this.#storeAndReturn(set, () => code.get(LOCAL.exitPc));
    }
    code.end();
    return { body: code.bytes(), unlikely: code.unlikely(), locals: this.#locals };
  }

  #exitSets(): number[] {
    const { registers, exits, unit } = this.#plan;
    const sets = new Set<number>();
    unit.blocks.forEach((block, node) => {
      if (exits.atStart(node)) sets.add(registers.storeAtStart[node]);
      block.body.forEach((_, index) => { if (exits.before(node, index)) sets.add(registers.storeAt[node][index]); });
    });
    return [...sets];
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
      this.#load(this.#plan.registers.liveIn[0]);
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
    this.#store(this.#storedOnEdge(from, to));
    const label = this.#labelOf(shape, from, to);
    if (label === null) this.#tree(shape, to);
    else this.#code.br(label);
  }

  #storedOnEdge(from: number, to: number): number {
    const { registers, unit } = this.#plan;
    return from < unit.blocks.length ? registers.storeOnEdge(from, to) : 0;
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
    this.#load(entries.slice(1).reduce((set, block) => set | registers.liveIn[block], 0));
    const targets = code.block();
    entries.forEach((block, entry) => {
      code.get(LOCAL.resume);
      code.i32(entry);
      code.op("i32.eq");
      code.if();
      code.i32(block);
      code.set(LOCAL.next);
      code.br(targets);
      code.end();
    });
    code.end();
    code.else();
    this.#load(registers.liveIn[0]);
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
        this.#store(this.#storedOnEdge(node, to));
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
    code.i64(this.#plan.unit.pc);
    code.return();
    code.end();
    this.#loadFuel();
  }

  #enterWithin(hops: ReadonlyMap<number, number>): void {
    const { entries, registers } = this.#plan;
    this.#load(entries.slice(1).reduce((set, block) => set | registers.liveIn[block], 0));
    this.#code.get(LOCAL.fuel);
    this.#code.i32(ENTERING);
    this.#code.op("i32.sub");
    this.#code.set(LOCAL.fuel);
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

  /** Begins a block. At an entry: leave if the slice ends before the next check, or if somebody wants this hart's attention. */
  #check(node: number, hops: ReadonlyMap<number, number> | undefined): void {
    this.#locals.beginBlock();
    const entry = this.#plan.entryOf.get(node);
    if (entry === undefined) return;
    const code = this.#code;
    const { pc } = this.#plan.unit.blocks[node];
    this.#pushSpent(node);
    code.markUnlikely();
    code.if();
    const arrived = code.block();
    this.#enter(node, entry, hops, arrived);
    this.#leave(this.#plan.registers.storeAtStart[node], pc, 0);
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
      code.get(LOCAL.fuel);
      code.i32(ENTERING);
      code.op("i32.add");
      code.set(LOCAL.fuel);
      this.#pushSpent(node);
      code.op("i32.eqz");
      code.brIf(arrived);
    }
    code.end();
  }

  /** Pushes whether fuel does not last to the next check, or attention (0, or more than any fuel) is set. */
  #pushSpent(node: number): void {
    this.#code.get(LOCAL.state);
    this.#code.access("i32.load", HART.attention);
    this.#code.get(LOCAL.fuel);
    this.#code.i32(this.#plan.longest[node]);
    this.#code.op("i32.sub");
    this.#code.op("i32.gt_s");
  }

  // ---- blocks -------------------------------------------------------------------------------------

  #body(node: number, go: (to: number) => void): void {
    const block = this.#plan.unit.blocks[node];
    if (block.count > 0) {
      this.#code.get(LOCAL.fuel);
      this.#code.i32(block.count);
      this.#code.op("i32.sub");
      this.#code.set(LOCAL.fuel);
    }
    this.#instructions(node, block);
    this.#locals.widen(this.#code, this.#plan.registers.liveOut[node]);
    this.#ending(node, block, block.ending, go);
  }

  #instructions(node: number, block: Block): void {
    const { registers, hoisted, resolving } = this.#plan;
    const resolve = resolving ? this.#services.resolve : null;
    const covered = hoisted[node]?.covered;
    if (hoisted[node] !== null) this.#checkRanges(hoisted[node], registers.storeAtStart[node], block);
    block.body.forEach((instruction, index) => {
      if (covered?.has(index) === true) emitUncheckedAccess(this.#code, instruction, this.#locals, this.#services);
      else emitInstruction(this.#code, instruction, this.#locals, this.#services, resolve, () =>
        this.#leaveOutside(registers.storeAt[node][index], instruction.pc, block.count - index));
    });
  }

  #checkRanges({ ranges }: Hoisting, stored: number, block: Block): void {
    const code = this.#code;
    for (const { register, from, to } of ranges) {
      this.#locals.push(code, register);
      code.i64(from - RAM_BASE);
      code.op("i64.add");
      code.i64(this.#services.window.limit + WINDOW_SLACK - (to - from));
      code.op("i64.gt_u");
      code.markUnlikely();
      code.if();
      this.#leaveOutside(stored, block.pc, block.count);
      code.end();
    }
  }

  #ending(node: number, block: Block, ending: Ending, go: (to: number) => void): void {
    const stored = this.#plan.registers.storeAtEnd[node];
    switch (ending.kind) {
      case "jump": return go(ending.to);
      case "branch": return this.#branch(node, ending, go);
      case "call": return this.#call(ending, stored, go);
      case "call-register": return this.#callRegister(ending, stored, go);
      case "system": return this.#system(ending, stored, go);
      case "jump-register": return this.#jumpRegister(ending, stored, go);
      case "leave": return this.#storeAndReturn(stored, () => this.#code.i64(ending.pc));
      case "interpret": return this.#storeAndReturn(stored, () => this.#code.i64(ending.pc + 1));
    }
  }

  #branch(node: number, ending: Extract<Ending, { kind: "branch" }>, go: (to: number) => void): void {
    const code = this.#code;
    const meaning = BY_NUMBER[ending.instruction.number];
    if (meaning.kind !== "branch") throw new Error("a branch ending holds a branch instruction");
    const { shape } = this.#plan;
    const operands = operandsFrom(ending.instruction, this.#locals);
    emitExpression(code, meaning.condition, operands, this.#locals.temporaries);
    const direct = (to: number): Label | null =>
      shape.kind === "structured" && this.#storedOnEdge(node, to) === 0 ? this.#labelOf(shape, node, to) : null;
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

  #call(ending: Extract<Ending, { kind: "call" }>, stored: number, go: (to: number) => void): void {
    const code = this.#code;
    this.#link(ending.instruction);
    this.#store(stored);
    this.#pushCallArguments(() => code.i32(0));
    code.i32(this.#services.slotOf(ending.target));
    code.callIndirect(TYPE.unit);
    this.#afterCall(ending.then, () => code.i64(ending.target), go);
  }

  #callRegister(ending: Extract<Ending, { kind: "call-register" }>, stored: number, go: (to: number) => void): void {
    const code = this.#code;
    this.#pushJumpTarget(ending.instruction);
    code.set(LOCAL.target);
    this.#link(ending.instruction);
    this.#store(stored);
    code.get(LOCAL.state);
    code.access("i32.load", HART.threadArea);
    code.get(LOCAL.target);
    code.op("i32.wrap_i64");
    code.i32(1);
    code.op("i32.shr_u");
    code.i32(LOOKUP.entries - 1);
    code.op("i32.and");
    code.i32(LOOKUP.bytes);
    code.op("i32.mul");
    code.op("i32.add");
    code.tee(LOCAL.offset);
    code.access("i64.load", LOOKUP.offset + LOOKUP.pc);
    code.get(LOCAL.target);
    code.op("i64.ne");
    code.get(LOCAL.offset);
    code.access("i32.load", LOOKUP.offset + LOOKUP.space);
    code.get(LOCAL.state);
    code.access("i32.load", HART.space);
    code.op("i32.ne");
    code.op("i32.or");
    code.markUnlikely();
    code.if();
    this.#storeFuel();
    code.get(LOCAL.target);
    code.return();
    code.end();
    this.#pushCallArguments(() => {
      code.get(LOCAL.offset);
      code.access("i32.load", LOOKUP.offset + LOOKUP.entry);
    });
    code.get(LOCAL.offset);
    code.access("i32.load", LOOKUP.offset + LOOKUP.slot);
    code.callIndirect(TYPE.unit);
    this.#afterCall(ending.then, () => code.get(LOCAL.target), go);
  }

  #pushCallArguments(entry: () => void): void {
    const code = this.#code;
    this.#storeFuel();
    code.get(LOCAL.state);
    entry();
    code.get(LOCAL.depth);
    code.i32(1);
    code.op("i32.sub");
  }

  /** The callee's answer is on the stack: go on if it returned here, else pass it up. */
  #afterCall(then: number, pushTarget: () => void, go: (to: number) => void): void {
    const code = this.#code;
    code.tee(LOCAL.answer);
    code.i64(this.#plan.unit.blocks[then].pc);
    code.op("i64.ne");
    code.markUnlikely();
    code.if();
    pushTarget();
    code.get(LOCAL.answer);
    code.get(LOCAL.answer);
    code.i64(MISSING);
    code.op("i64.eq");
    code.select();
    code.return();
    code.end();
    this.#loadFuel();
    this.#load(this.#plan.registers.liveIn[then]);
    go(then);
  }

  #system(ending: Extract<Ending, { kind: "system" }>, stored: number, go: (to: number) => void): void {
    const code = this.#code;
    const { instruction, then } = ending;
    this.#store(stored);
    this.#storeFuel();
    code.get(LOCAL.state);
    code.i64(instruction.pc);
    code.access("i64.store", HART.pc);
    code.get(LOCAL.state);
    code.i32(instruction.immediate);
    code.call(this.#services.system);
    code.tee(LOCAL.offset);
    if (CONTINUE !== 0) throw new Error("CONTINUE is tested as zero");
    code.if();
    code.i64(LEFT_PC);
    code.i64(MOVED_PC);
    code.get(LOCAL.offset);
    code.i32(LEAVE);
    code.op("i32.eq");
    code.select();
    code.return();
    code.end();
    this.#loadFuel();
    this.#load(this.#plan.registers.liveIn[then]);
    go(then);
  }

  #jumpRegister(ending: Extract<Ending, { kind: "jump-register" }>, stored: number, go: (to: number) => void): void {
    const code = this.#code;
    const { instruction, targets } = ending;
    this.#pushJumpTarget(instruction);
    code.set(LOCAL.target);
    const labels = targets.map(() => code.block());
    const elsewhere = code.block();
    this.#throughTable(targets, labels, elsewhere);
    code.end();
    this.#store(stored);
    this.#storeFuel();
    if (isTableJump(instruction)) {
      code.get(LOCAL.state);
      code.i64(instruction.pc);
      code.access("i64.store", HART.jumpSource);
      code.get(LOCAL.state);
      code.get(LOCAL.target);
      code.access("i64.store", HART.pc);
      code.get(LOCAL.state);
      code.call(this.#services.jump);
      code.drop();
    }
    code.get(LOCAL.target);
    code.return();
    for (const target of targets.toReversed()) {
      code.end();
      go(target);
    }
  }

  /** Branches to the label of the block that begins at LOCAL.target, if it is one of `targets`. */
  #throughTable(targets: readonly number[], labels: readonly Label[], elsewhere: Label): void {
    if (targets.length === 0) return;
    const code = this.#code;
    const labelOf = new Map(targets.map((block, index) => [this.#plan.unit.blocks[block].pc, labels[index]] as const));
    const least = Math.min(...labelOf.keys());
    const most = Math.max(...labelOf.keys());
    code.get(LOCAL.target);
    code.i64(least);
    code.op("i64.sub");
    code.tee(LOCAL.address);
    code.i64(most - least);
    code.op("i64.gt_u");
    code.markUnlikely();
    code.brIf(elsewhere);
    code.get(LOCAL.address);
    code.op("i32.wrap_i64");
    code.i32(1); // targets are even
    code.op("i32.shr_u");
    const table = Array.from({ length: (most - least) / 2 + 1 }, (_, index) => labelOf.get(least + 2 * index) ?? elsewhere);
    code.brTable(table, elsewhere);
  }

  #pushJumpTarget(instruction: { readonly rs1: number; readonly immediate: number }): void {
    this.#locals.push(this.#code, instruction.rs1);
    if (instruction.immediate !== 0) {
      this.#code.i64(instruction.immediate);
      this.#code.op("i64.add");
    }
    this.#code.i64(-2);
    this.#code.op("i64.and");
  }

  #link(instruction: { readonly rd: number; readonly pc: number; readonly bytes: number }): void {
    this.#code.i64(instruction.pc + instruction.bytes);
    this.#code.set(this.#locals.of(instruction.rd));
  }

  // ---- state --------------------------------------------------------------------------------------

  /** Leaves the unit before an access, or a block with one, that is not in the RAM window. */
  #leaveOutside(stored: number, pc: number, refund: number): void {
    this.#code.get(LOCAL.state);
    this.#code.i32(1);
    this.#code.access("i32.store", HART.outside);
    this.#leave(stored, pc, refund);
  }

  /** Leaves the unit before the instruction at `pc`, giving back fuel deducted for what was not executed. */
  #leave(stored: number, pc: number, refund: number): void {
    const code = this.#code;
    if (refund > 0) {
      code.get(LOCAL.fuel);
      code.i32(refund);
      code.op("i32.add");
      code.set(LOCAL.fuel);
    }
    this.#locals.widen(code, stored);
    code.i64(pc + 1);
    code.set(LOCAL.exitPc);
    const label = this.#exits.get(stored);
    if (label === undefined) throw new Error(`no exit stores the register set ${stored.toString(16)}`);
    code.br(label);
  }

  #storeAndReturn(stored: number, pushAnswer: () => void): void {
    this.#store(stored);
    this.#storeFuel();
    pushAnswer();
    this.#code.return();
  }

  #store(set: number): void {
    for (let register = 1; register < 32; register++) {
      if (((set >>> register) & 1) === 0) continue;
      this.#code.get(LOCAL.state);
      this.#code.get(this.#locals.of(register));
      this.#code.access("i64.store", HART.x + 8 * register);
    }
  }

  #load(set: number): void {
    for (let register = 1; register < 32; register++) {
      if (((set >>> register) & 1) === 0) continue;
      this.#code.get(LOCAL.state);
      this.#code.access("i64.load", HART.x + 8 * register);
      this.#code.set(this.#locals.of(register));
    }
  }

  #storeFuel(): void {
    this.#code.get(LOCAL.state);
    this.#code.get(LOCAL.fuel);
    this.#code.access("i32.store", HART.fuel);
  }

  #loadFuel(): void {
    this.#code.get(LOCAL.state);
    this.#code.access("i32.load", HART.fuel);
    this.#code.set(LOCAL.fuel);
  }
}
