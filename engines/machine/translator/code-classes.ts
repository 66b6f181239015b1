// Which address spaces execute the same translations. Spaces with windows of one size form a class as long as each holds
// the bytes that the class's units were made from, at the same guest addresses: so do guests of one image. A space joins
// when it first asks for a translation. It leaves when its bytes are found to differ: where it executes fence.i, or where
// a unit is made from bytes that it does not have.

import { FIRST_PAGED_SPACE } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { CLASS_OF } from "./abi.ts";
import type { TranslatedUnit, TranslationTable } from "./translation-table.ts";

/** An address space without page tables. */
export interface BareSpace {
  readonly number: number;
  /** Host offset of its RAM, and its length as HART.ramLimit has it. */
  readonly offset: number;
  readonly limit: number;
}

interface CodeClass {
  readonly limit: number;
  readonly members: Map<number, BareSpace>;
}

/** Number of no class. */
export const NO_CLASS = 0;

export class CodeClasses {
  readonly #table: TranslationTable;
  /** By number of the space: its class. */
  readonly #classOf: Int32Array;
  readonly #classes = new Map<number, CodeClass>();

  constructor(memory: PhysicalMemory, area: number, table: TranslationTable) {
    this.#table = table;
    this.#classOf = new Int32Array(memory.wasm.buffer, area + CLASS_OF.offset, FIRST_PAGED_SPACE);
  }

  /** Number of the class of a space, which it joins or founds if it has none. */
  of(space: BareSpace): number {
    const present = this.#classOf[space.number];
    if (present !== NO_CLASS) return present;
    const found = this.#matching(space) ?? this.#found(space.limit);
    this.#classes.get(found)?.members.set(space.number, space);
    this.#classOf[space.number] = found;
    return found;
  }

  /** A unit is now one of the class's. */
  added(number: number, unit: TranslatedUnit): void {
    const known = this.#classes.get(number);
    if (known === undefined) return;
    for (const member of known.members.values()) {
      if (this.#table.isChanged(unit, member.offset)) this.#leave(number, known, member);
    }
  }

  /** fence.i in `space`: what it executes from now on is what it holds. All that page tables may lead to is compared. */
  fence(space: number): void {
    const spaces = space < FIRST_PAGED_SPACE ? [space] : [...this.#classes.values()].flatMap(({ members }) => [...members.keys()]);
    for (const each of spaces) this.#compare(each);
  }

  #compare(space: number): void {
    const number = this.#classOf[space];
    const known = this.#classes.get(number);
    const member = known?.members.get(space);
    if (known === undefined || member === undefined || this.#table.isMadeFrom(number, member.offset)) return;
    if (known.members.size === 1) this.#table.dropChangedAt(number, member.offset);
    else this.#leave(number, known, member);
  }

  #matching({ offset, limit }: BareSpace): number | null {
    for (const [number, known] of this.#classes) {
      if (known.limit === limit && this.#table.isMadeFrom(number, offset)) return number;
    }
    return null;
  }

  #found(limit: number): number {
    let number = NO_CLASS + 1;
    while (this.#classes.has(number)) number++;
    this.#classes.set(number, { limit, members: new Map() });
    return number;
  }

  #leave(number: number, known: CodeClass, member: BareSpace): void {
    known.members.delete(member.number);
    this.#classOf[member.number] = NO_CLASS;
    if (known.members.size > 0) return;
    this.#classes.delete(number);
    this.#table.forget(number);
  }
}
