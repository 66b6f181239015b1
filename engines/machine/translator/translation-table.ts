// Which units exist, by address space and pc, and the look-up table through which generated code finds them.

import { FIRST_PAGED_SPACE, RAM_BASE } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { Code } from "../wasm/code.ts";
import { encodeModule } from "../wasm/module.ts";
import { HOTNESS, LOOKUP, lookupIndex, MISSING, NO_TAIL, TYPE, TYPES } from "./abi.ts";

export interface TranslatedUnit {
  readonly pc: number;
  /** By entry number: where it is, and the least fuel with which it gets anywhere. */
  readonly entries: readonly { readonly pc: number; readonly fuel: number }[];
  /** Where its indirect jumps are. */
  readonly jumps: readonly number[];
  /** It checks the slice at every block, for what is left of one. */
  readonly isTail: boolean;
  /** The bytes the unit was made from, in runs of which none crosses a page. */
  readonly code: readonly { readonly pc: number; readonly host: number; readonly bytes: Uint8Array }[];
}

interface EntryPoint {
  readonly unit: TranslatedUnit;
  readonly slot: number;
  readonly entry: number;
}

/** By pc: the function-table slots of units that begin, or may once begin, there; and the entries of those there are. */
interface Reached {
  readonly slots: Map<number, number>;
  readonly entries: Map<number, EntryPoint>;
}

interface Jump {
  readonly targets: Set<number>;
  /** Targets that the units made last know. */
  known: number;
  /** Reports since then. */
  missed: number;
}

interface Space {
  /** Units whose blocks, under page tables, look no further ahead than to their own ends, by pc. */
  readonly apart: Set<number>;
  /** Units whose accesses outside the RAM window are resolved in place, by pc. */
  readonly resolving: Set<number>;
  /** How often a unit stopped at an access outside the RAM window, by the access's (or its block's) pc. */
  readonly outside: Map<number, number>;
  readonly jumps: Map<number, Jump>;
  /** Where calls in units go: functions begin there. */
  readonly called: Set<number>;
  readonly whole: Reached;
  readonly tail: Reached;
  readonly units: Set<TranslatedUnit>;
  /** Under page tables: host offsets of the pages that the units were made from, by page number. */
  readonly pages: Map<number, number>;
}

const PAGE_BYTES = 0x1000;

/** A jump goes through a table in its unit to at most so many targets, at most so many bytes away. */
const MOST_TARGETS = 128;
const JUMP_REACH = 0x4000;
/** So many jumps to targets that its units do not know make it worth translating them anew. */
const MOST_MISSED = 200;
/** A guest may map its code at any number of addresses: slots, and of a space, jumps and places of accesses outside the RAM
 *  window that are noted. */
const MOST_SLOTS = 0x1_0000;
const MOST_NOTED = 0x4000;
/** So many accesses outside the RAM window from one place make it worth resolving them in its units. */
const MOST_OUTSIDE = 32;

export class TranslationTable {
  readonly #memory: PhysicalMemory;
  readonly #area: number;
  readonly #functions: WebAssembly.Table;
  readonly #spaces = new Map<number, Space>();
  readonly #missing: WebAssembly.ExportValue;
  /** Where in LOOKUP there is something, as indexes of words. */
  readonly #installed = new Set<number>();
  /** Slots of the function table: given out, and given back since. */
  #slots = 0;
  readonly #freeSlots: number[] = [];
  #units = 0;

  constructor(memory: PhysicalMemory, area: number, functions: WebAssembly.Table) {
    this.#memory = memory;
    this.#area = area;
    this.#functions = functions;
    this.#missing = missingUnit();
    // All ones in LOOKUP.pc: an odd address, which no pc is.
    memory.u8.fill(0xff, area + LOOKUP.offset, area + LOOKUP.offset + LOOKUP.entries * LOOKUP.bytes);
  }

  get size(): number {
    return this.#units;
  }

  /** Slots of the function table that are given out: more than units. */
  get slots(): number {
    return this.#slots - this.#freeSlots.length;
  }

  /** Whether what is made under page tables is to be forgotten. */
  get isFull(): boolean {
    return this.slots > MOST_SLOTS;
  }

  get spaces(): number {
    return this.#spaces.size;
  }

  /** The function-table slot of the function at `pc`, for a call to it by a unit that is a tail unit or not. */
  slotOfCalled(space: number, pc: number, isTail: boolean): number {
    const known = this.#space(space);
    known.called.add(pc);
    return this.#slotOf(isTail ? known.tail : known.whole, pc);
  }

  #slotOf({ slots }: Reached, pc: number): number {
    let slot = slots.get(pc);
    if (slot === undefined) {
      slot = this.#freeSlots.pop() ?? this.#slots++;
      if (slot >= this.#functions.length) this.#functions.grow(this.#functions.length);
      this.#functions.set(slot, this.#missing);
      slots.set(pc, slot);
    }
    return slot;
  }

  add(space: number, unit: TranslatedUnit, compiled: WebAssembly.ExportValue): void {
    const known = this.#space(space);
    // One that began there may still be entered elsewhere, by entries numbered otherwise.
    this.#dropUnits(known, ({ pc, isTail }) => pc === unit.pc && isTail === unit.isTail);
    const reached = unit.isTail ? known.tail : known.whole;
    const slot = this.#slotOf(reached, unit.pc);
    this.#functions.set(slot, compiled);
    this.#units++;
    known.units.add(unit);
    if (space >= FIRST_PAGED_SPACE) for (const { pc, host } of unit.code) notePage(known.pages, pageOf(pc), host - (pc - pageOf(pc) * PAGE_BYTES));
    unit.entries.forEach(({ pc, fuel }, entry) => {
      // A unit that ends where it is entered gets nowhere: the interpreter takes what is there.
      if (fuel === 0) return;
      // A function's start is better entered through its own unit, and a loop through the unit that has it first; but
      // a unit that was made because a loop was hot before its function was gives way to the function's.
      const point = reached.entries.get(pc);
      if (entry !== 0 && point !== undefined && (point.entry !== 0 || known.called.has(pc))) return;
      reached.entries.set(pc, { unit, slot, entry });
      this.install(space, pc);
    });
  }

  /**
   * Where a unit that begins at `pc` is to stop: nowhere, or, if `pc` lies in a unit already but is none of its entries
   * (a slice ended there, say), wherever a unit is entered.
   */
  stops(space: number, pc: number): ((pc: number) => boolean) | null {
    const { called, whole, units } = this.#space(space);
    const within = [...units].some(({ code, isTail }) => !isTail && code.some(({ pc: from, bytes }) => pc >= from && pc < from + bytes.length));
    return within && !called.has(pc) ? (at) => whole.entries.has(at) : null;
  }

  /** Puts the entry at `pc`, if there is one, where generated code looks. */
  install(space: number, pc: number): boolean {
    const known = this.#spaces.get(space);
    const point = known?.whole.entries.get(pc);
    if (point === undefined) return false;
    const tail = known?.tail.entries.get(pc);
    const { i32 } = this.#memory;
    const at = (this.#area + LOOKUP.offset + lookupIndex(space, pc) * LOOKUP.bytes) >> 2;
    this.#installed.add(at);
    i32[at + (LOOKUP.pc >> 2)] = pc | 0;
    i32[at + (LOOKUP.pc >> 2) + 1] = Math.floor(pc / 2 ** 32);
    i32[at + (LOOKUP.space >> 2)] = space;
    i32[at + (LOOKUP.slot >> 2)] = point.slot;
    i32[at + (LOOKUP.entry >> 2)] = point.entry;
    i32[at + (LOOKUP.fuel >> 2)] = point.unit.entries[point.entry].fuel;
    i32[at + (LOOKUP.tail >> 2)] = tail === undefined ? 0 : tail.slot + 1;
    i32[at + (LOOKUP.tailEntry >> 2)] = tail?.entry ?? 0;
    return true;
  }

  /** Where the unit begins that is entered at `pc`; undefined if there is none. */
  unitAt(space: number, pc: number): number | undefined {
    return this.#spaces.get(space)?.whole.entries.get(pc)?.unit.pc;
  }

  /** No tail unit is entered at `pc`: it is not asked for again. */
  refuseTail(space: number, pc: number): void {
    if (this.#spaces.get(space)?.tail.entries.has(pc) === true || !this.install(space, pc)) return;
    this.#memory.i32[(this.#area + LOOKUP.offset + lookupIndex(space, pc) * LOOKUP.bytes + LOOKUP.tail) >> 2] = NO_TAIL;
  }

  /** Whether the unit at `pc` is to resolve accesses outside the RAM window in place. */
  isResolving(space: number, pc: number): boolean {
    return this.#spaces.get(space)?.resolving.has(pc) === true;
  }

  /** Whether blocks of the unit at `pc` are not to look up what other blocks access: ranges that lie in two pages stopped it. */
  isApart(space: number, pc: number): boolean {
    return this.#spaces.get(space)?.apart.has(pc) === true;
  }

  /** Notes that a unit stopped at `pc` for an access outside the RAM window. Those that go on doing so are made anew. */
  noteOutside(space: number, pc: number, isPaged: boolean): void {
    const known = this.#space(space);
    const times = (known.outside.get(pc) ?? 0) + 1;
    note(known.outside, pc, times % MOST_OUTSIDE);
    if (times < MOST_OUTSIDE) return;
    const concerned = [...known.units].filter((unit) =>
      !known.resolving.has(unit.pc) && unit.code.some(({ pc: from, bytes }) => pc >= from && pc < from + bytes.length));
    const starts = new Set(concerned.map((unit) => unit.pc));
    for (const start of starts) (isPaged && !known.apart.has(start) ? known.apart : known.resolving).add(start);
    this.#dropUnits(known, (unit) => starts.has(unit.pc));
  }

  /** Where the jump through a table at `pc` was seen to go: what is worth a table in a unit. */
  jumpTargets(space: number, pc: number): readonly number[] {
    const jump = this.#spaces.get(space)?.jumps.get(pc);
    if (jump === undefined) return [];
    jump.known = jump.targets.size;
    jump.missed = 0;
    return [...jump.targets].filter((target) => Math.abs(target - pc) < JUMP_REACH);
  }

  /** Notes where an indirect jump went. Units that keep missing a target are made anew. */
  noteJump(space: number, pc: number, target: number): void {
    const known = this.#space(space);
    let jump = known.jumps.get(pc);
    if (jump === undefined) note(known.jumps, pc, (jump = { targets: new Set(), known: 0, missed: 0 }));
    if (jump.targets.size < MOST_TARGETS) jump.targets.add(target);
    if (++jump.missed < MOST_MISSED || jump.targets.size === jump.known) return;
    jump.missed = 0;
    this.#dropUnits(known, (unit) => unit.jumps.includes(pc));
  }

  /** Forgets the units whose bytes in memory are no longer those they were made from, of the spaces concerned. */
  dropChanged(isConcerned: (space: number) => boolean): void {
    for (const [number, known] of this.#spaces) {
      if (!isConcerned(number)) continue;
      this.#dropUnits(known, (unit) => unit.code.some(({ host, bytes }) => differs(this.#memory.u8, host, bytes)));
    }
  }

  /** The same for a class of spaces, by what memory holds for one whose RAM lies at host offset `ram`. */
  dropChangedAt(space: number, ram: number): void {
    this.#dropUnits(this.#space(space), (unit) => this.isChanged(unit, ram));
  }

  /** Whether all units of a class are what would be made from the RAM at host offset `ram`. */
  isMadeFrom(space: number, ram: number): boolean {
    for (const unit of this.#space(space).units) if (this.isChanged(unit, ram)) return false;
    return true;
  }

  isChanged(unit: TranslatedUnit, ram: number): boolean {
    return unit.code.some(({ pc, bytes }) => differs(this.#memory.u8, ram + pc - RAM_BASE, bytes));
  }

  /** Forgets all of a space, or of a class that has no spaces left. */
  forget(space: number): void {
    const known = this.#spaces.get(space);
    if (known === undefined) return;
    this.#dropUnits(known, () => true);
    this.#freeSlots.push(...known.whole.slots.values(), ...known.tail.slots.values());
    this.#spaces.delete(space);
  }

  /** Forgets everything made under page tables. */
  forgetPaged(): void {
    for (const space of this.#spaces.keys()) if (space >= FIRST_PAGED_SPACE) this.forget(space);
  }

  /** Forgets the units of a space made from pages that are no longer mapped where they were: `locate` says where the
   *  code at an address now lies, or -1. Answers whether there were any. */
  dropMoved(space: number, locate: (address: number) => number): boolean {
    const known = this.#spaces.get(space);
    if (known === undefined) return false;
    const moved = new Set<number>();
    for (const [page, host] of known.pages) if (locate(page * PAGE_BYTES) !== host) moved.add(page);
    if (moved.size === 0) return false;
    for (const page of moved) known.pages.delete(page);
    return this.#dropUnits(known, (unit) => unit.code.some(({ pc }) => moved.has(pageOf(pc))));
  }

  #dropUnits(known: Space, which: (unit: TranslatedUnit) => boolean): boolean {
    let dropped = false;
    for (const unit of known.units) {
      if (!which(unit)) continue;
      known.units.delete(unit);
      const { slots, entries } = unit.isTail ? known.tail : known.whole;
      const slot = slots.get(unit.pc);
      if (slot !== undefined) this.#functions.set(slot, this.#missing);
      for (const [pc, point] of entries) if (point.unit === unit) entries.delete(pc);
      dropped = true;
    }
    if (dropped) this.#forgetLookups();
    return dropped;
  }

  #space(space: number): Space {
    let known = this.#spaces.get(space);
    if (known === undefined) {
      known = { apart: new Set(), resolving: new Set(), outside: new Map(), jumps: new Map(), called: new Set(), whole: noneReached(), tail: noneReached(), units: new Set(), pages: new Map() };
      this.#spaces.set(space, known);
    }
    return known;
  }

  #forgetLookups(): void {
    for (const at of this.#installed) {
      this.#memory.i32[at + (LOOKUP.pc >> 2)] = -1;
      this.#memory.i32[at + (LOOKUP.pc >> 2) + 1] = -1;
    }
    this.#installed.clear();
    this.#memory.u8.fill(0, this.#area + HOTNESS.offset, this.#area + HOTNESS.offset + LOOKUP.entries * 4);
  }
}

function noneReached(): Reached {
  return { slots: new Map(), entries: new Map() };
}

function pageOf(pc: number): number {
  return Math.floor(pc / PAGE_BYTES);
}

/** A page mapped elsewhere since units were made from it, with no fence yet, is nowhere: at the fence all of them go. */
function notePage(pages: Map<number, number>, page: number, host: number): void {
  pages.set(page, (pages.get(page) ?? host) === host ? host : Number.NaN);
}

/** What is noted serves speed alone: of too much of it, all is forgotten. */
function note<Noted>(notes: Map<number, Noted>, pc: number, noted: Noted): void {
  if (notes.size === MOST_NOTED && !notes.has(pc)) notes.clear();
  notes.set(pc, noted);
}

/** Whether memory from `from` on is not `bytes`. Every fence.i compares every unit, so a plain loop. */
function differs(memory: Uint8Array, from: number, bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) {
    if (memory[from + index] !== bytes[index]) return true;
  }
  return false;
}

/** What stands in a slot until there is a unit: it answers MISSING, and its caller asks the dispatcher. */
function missingUnit(): WebAssembly.ExportValue {
  const bytes = encodeModule({
    types: TYPES,
    imports: [],
    functions: [{ type: TYPE.unit, exportName: "missing", body: missingBody(), locals: [] }],
  });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports["missing"];
}

function missingBody(): Uint8Array {
  const code = new Code();
  code.i64(MISSING);
  code.end();
  return code.bytes();
}
