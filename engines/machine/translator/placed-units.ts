// Units of code that lies at several places, as that of guests of one image does where they share an address space: what
// was made for one place is used at others where the bytes are the same.

import { RAM_BASE } from "../layout.ts";
import type { CompiledUnit } from "./compile-unit.ts";
import { LOOKUP } from "./abi.ts";
import type { TranslatedUnit } from "./translation-table.ts";

export interface PlacedUnit {
  readonly unit: TranslatedUnit;
  readonly compiled: CompiledUnit;
  /** Where its jumps through tables were known to go when it was made. */
  readonly jumps: ReadonlyMap<number, readonly number[]>;
  readonly isResolving: boolean;
}

const PLACEMENT = 2 ** LOOKUP.placement;
/** Units kept of those that begin at places of one kind: guests that write to their code leave many. */
const MOST = 8;

export class PlacedUnits {
  readonly #memory: Uint8Array;
  readonly #units = new Map<string, PlacedUnit[]>();

  constructor(memory: Uint8Array) {
    this.#memory = memory;
  }

  add(space: number, placed: PlacedUnit): void {
    const key = keyOf(space, placed.unit.pc, placed.unit.isTail, placed.isResolving);
    this.#units.set(key, [placed, ...(this.#units.get(key) ?? [])].slice(0, MOST));
  }

  /** One whose code lies at `pc`, too, in the RAM at host offset `ram`. */
  find(space: number, pc: number, isTail: boolean, isResolving: boolean, ram: number, jumpTargets: (pc: number) => readonly number[]): PlacedUnit | undefined {
    return this.#units.get(keyOf(space, pc, isTail, isResolving))?.find(({ unit, jumps }) => {
      const by = pc - unit.pc;
      return this.#holds(unit, ram + by) && [...jumps].every(([at, targets]) => isSame(jumpTargets(at + by), targets, by));
    });
  }

  #holds({ code }: TranslatedUnit, ram: number): boolean {
    return code.every(({ pc, bytes }) => {
      const from = ram + pc - RAM_BASE;
      return bytes.every((byte, index) => this.#memory[from + index] === byte);
    });
  }
}

/** The unit as it is `by` bytes further on. */
export function moved(unit: TranslatedUnit, by: number): TranslatedUnit {
  return {
    pc: unit.pc + by, isTail: unit.isTail,
    entries: unit.entries.map(({ pc, fuel }) => ({ pc: pc + by, fuel })),
    jumps: unit.jumps.map((pc) => pc + by),
    code: unit.code.map(({ pc, host, bytes }) => ({ pc: pc + by, host: host + by, bytes })),
  };
}

function isSame(targets: readonly number[], others: readonly number[], by: number): boolean {
  return targets.length === others.length && targets.every((target, index) => target === others[index] + by);
}

function keyOf(space: number, pc: number, isTail: boolean, isResolving: boolean): string {
  return `${space} ${pc % PLACEMENT} ${isTail} ${isResolving}`;
}
