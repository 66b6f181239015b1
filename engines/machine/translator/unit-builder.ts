// A unit while it is emitted: its code, its locals, and how state moves between them and the hart.

import { HART } from "../layout.ts";
import { Code } from "../wasm/code.ts";
import type { Label } from "../wasm/code.ts";
import type { CheckedRange } from "./checks.ts";
import type { Plan } from "./plan.ts";
import { LOCAL, UnitLocals } from "./unit-locals.ts";

/** The fast RAM window of an address space: constants of everything translated for it. */
export interface RamWindow {
  /** Host offset of RAM_BASE; null: spaces that have it elsewhere share the translation, and it is read on the way in. */
  readonly offset: number | null;
  /** Bytes - 8. */
  readonly limit: number;
}

/** Constants of everything translated for an address space made by page tables. */
export interface Paging {
  /** Offset of the privilege's TLB in the hart block. */
  readonly tlb: number;
  /** Offset in the hart block of the pages that a range from a place remembers; null: there is no room for it. */
  remember(pc: number, range: CheckedRange): number | null;
}

export interface UnitServices {
  /** Function indexes of the imports. */
  readonly system: number;
  readonly resolve: number;
  readonly jump: number;
  readonly locate: number;
  readonly remember: number;
  /** The address space, or class of them, that the unit belongs to, and the hart's field that says in which it is. */
  readonly space: number;
  readonly spaceField: number;
  readonly window: RamWindow;
  /** Null: addresses are Bare, and RAM is the window. */
  readonly paging: Paging | null;
  /** Whether the same code also lies elsewhere: no pc is a constant then. */
  readonly placed: boolean;
  /** Pushes an address in the guest's code, or an answer made of one. */
  pushPc(code: Code, pc: number): void;
  /** Pushes the slot in the function table of the unit that begins at a pc. */
  pushSlot(code: Code, pc: number): void;
}

export class UnitBuilder {
  readonly code = new Code();
  readonly plan: Plan;
  readonly services: UnitServices;
  readonly locals: UnitLocals;
  /** By set of registers to store: the label of the code that stores them and returns. */
  readonly #exits = new Map<number, Label>();

  constructor(plan: Plan, services: UnitServices) {
    this.plan = plan;
    this.services = services;
    this.locals = new UnitLocals(plan.registers.used, services.paging === null ? 0 : plan.bases + 1);
  }

  /** Everything that can leave the unit is emitted by `content`; the ways out are shared and follow it. */
  withExits(content: () => void): void {
    const sets = this.#exitSets();
    for (const set of sets) this.#exits.set(set, this.code.block());
    content();
    this.code.unreachable();
    this.locals.goOnWith(0);
    for (const set of sets.toReversed()) {
      this.code.end();
      this.storeAndReturn(set, () => this.code.get(LOCAL.exitPc));
    }
    this.code.end();
  }

  /** Leaves the unit before an access, or a block with one, that is not in the RAM window. */
  leaveOutside(stored: number, pc: number, ahead: number): void {
    this.code.get(LOCAL.state);
    this.code.i32(1);
    this.code.access("i32.store", HART.outside);
    this.leave(stored, pc + 1, ahead);
  }

  /** Leaves the unit with an answer, giving back the fuel deducted for what lies `ahead`. */
  leave(stored: number, answer: number, ahead: number): void {
    const code = this.code;
    this.addFuel(ahead);
    this.locals.widen(code, stored);
    this.services.pushPc(code, answer);
    code.set(LOCAL.exitPc);
    const label = this.#exits.get(stored);
    if (label === undefined) throw new Error(`no exit stores the register set ${stored.toString(16)}`);
    code.br(label);
  }

  storeAndReturn(stored: number, pushAnswer: () => void): void {
    this.store(stored);
    this.storeFuel();
    pushAnswer();
    this.code.return();
  }

  store(set: number): void {
    for (let register = 1; register < 32; register++) {
      if (((set >>> register) & 1) === 0) continue;
      this.code.get(LOCAL.state);
      this.locals.push(this.code, register);
      this.code.access("i64.store", HART.x + 8 * register);
    }
  }

  load(set: number): void {
    for (let register = 1; register < 32; register++) {
      if (((set >>> register) & 1) === 0) continue;
      this.code.get(LOCAL.state);
      this.code.access("i64.load", HART.x + 8 * register);
      this.code.set(this.locals.of(register));
    }
  }

  storeFuel(): void {
    this.code.get(LOCAL.state);
    this.code.get(LOCAL.fuel);
    this.code.access("i32.store", HART.fuel);
  }

  loadFuel(): void {
    this.code.get(LOCAL.state);
    this.code.access("i32.load", HART.fuel);
    this.code.set(LOCAL.fuel);
  }

  /** Loads what the whole unit works with. */
  begin(): void {
    this.loadFuel();
    if (this.services.window.offset !== null) return;
    this.code.get(LOCAL.state);
    this.code.access("i32.load", HART.ramOffset);
    this.code.set(LOCAL.window);
  }

  addFuel(instructions: number): void {
    if (instructions === 0) return;
    this.code.get(LOCAL.fuel);
    this.code.i32(instructions);
    this.code.op("i32.add");
    this.code.set(LOCAL.fuel);
  }

  /** What was deducted at the last check for instructions behind the block: more than none if other ways on are longer. */
  aheadBehind(node: number): number {
    return this.plan.longest[node] - this.plan.unit.blocks[node].count;
  }

  #exitSets(): number[] {
    const { registers, exits, unit } = this.plan;
    const sets = new Set<number>();
    unit.blocks.forEach((block, node) => {
      if (exits.atStart(node)) sets.add(registers.storeAtStart[node]);
      block.body.forEach((_, index) => { if (exits.before(node, index)) sets.add(registers.storeAt[node][index]); });
    });
    return [...sets];
  }
}
