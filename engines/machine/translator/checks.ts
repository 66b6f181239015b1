// Where addresses are checked. Accesses through the same value plus constants share one check: at the start of the
// block that makes the first of them if the value is at hand there, else just before it. Blocks that control enters
// from one other block only take part in that block's checks, unless the slice is checked between. If a check does
// not hold (a channel window, a device, a fault), the interpreter takes over there; else none of the accesses that
// share it has an exit, for which registers that nobody reads any more would have to be kept.

import { BY_NUMBER, MNEMONICS } from "../instructions/table.ts";
import type { Located, Unit } from "./blocks.ts";
import type { Flow } from "./flow.ts";
import { isBarrier } from "./registers.ts";
import type { RegisterSet } from "./registers.ts";

/** Accesses to [register + from, register + to) */
export interface CheckedRange {
  readonly register: number;
  readonly from: number;
  readonly to: number;
  /** Some of them are stores. */
  readonly writes: boolean;
  /** Of the ranges that are alive at once, each has its own number. */
  readonly number: number;
}

export interface BlockChecks {
  readonly atStart: readonly CheckedRange[];
  /** By index in the block's body: what is checked before this instruction. */
  readonly before: ReadonlyMap<number, CheckedRange>;
  /** By index: accesses that need no check of their own. */
  readonly covered: ReadonlyMap<number, CoveredAccess>;
}

/** Where a covered access lies. */
export interface CoveredAccess {
  /** Its range's number. */
  readonly range: number;
  /** From the range's begin. */
  readonly offset: number;
}

/** What one check can answer for. */
export interface CheckReach {
  /** The longest range. */
  readonly bytes: number;
  /** The longest range that a block may make of one checked before it; and of one from a steady register. */
  readonly bytesAcross: number;
  readonly bytesAcrossSteady: number;
  /** Checks are made at the start of blocks only; those of stores count as stores, so that no other block makes any check one. */
  readonly atStartOnly: boolean;
}

/** What a register holds: a value that has a number, plus a constant. */
interface Origin {
  readonly value: number;
  readonly offset: number;
}

/** Of a value plus [from, to), where `register` holds the value plus `offset`. */
interface Shared {
  readonly register: number;
  readonly offset: number;
  readonly number: number;
  /** How long other blocks may make it. */
  readonly bytesAcross: number;
  from: number;
  to: number;
  writes: boolean;
}

type Accessed = Pick<Shared, "from" | "to" | "writes">;

interface Known {
  readonly origins: Origin[];
  /** By value. */
  readonly shared: Map<number, Shared>;
  /** How many ranges are alive. */
  numbers: number;
}

/** By block. `steady`: by block, registers whose pages are remembered. */
export function placeChecks(
  unit: Unit, flow: Flow, checkpoints: ReadonlySet<number>, reach: CheckReach, steady: readonly RegisterSet[],
): BlockChecks[] {
  return new Placement(unit, flow, checkpoints, reach, steady).place();
}

interface Placed {
  readonly atStart: Shared[];
  readonly before: Map<number, Shared>;
  readonly covered: Map<number, { readonly shared: Shared; readonly from: number }>;
}

class Placement {
  readonly #unit: Unit;
  readonly #flow: Flow;
  readonly #checkpoints: ReadonlySet<number>;
  readonly #reach: CheckReach;
  readonly #steady: readonly RegisterSet[];
  readonly #atEnd: (Known | undefined)[] = [];
  #values = 0;

  constructor(unit: Unit, flow: Flow, checkpoints: ReadonlySet<number>, reach: CheckReach, steady: readonly RegisterSet[]) {
    this.#unit = unit;
    this.#flow = flow;
    this.#checkpoints = checkpoints;
    this.#reach = reach;
    this.#steady = steady;
  }

  place(): BlockChecks[] {
    const placed: Placed[] = this.#unit.blocks.map(() => ({ atStart: [], before: new Map(), covered: new Map() }));
    for (const node of this.#flow.order) this.#block(node, placed[node]);
    return placed.map(({ atStart, before, covered }) => ({
      atStart: atStart.map(rangeOf),
      before: new Map([...before].map(([index, shared]) => [index, rangeOf(shared)] as const)),
      covered: new Map([...covered].map(([index, { shared, from }]) =>
        [index, { range: shared.number, offset: from - shared.from }] as const)),
    }));
  }

  #block(node: number, placed: Placed): void {
    const known = this.#knownAtStart(node);
    const { origins, shared } = known;
    const start = [...origins];
    this.#unit.blocks[node].body.forEach((instruction, index) => {
      const meaning = BY_NUMBER[instruction.number];
      if ((meaning.kind === "load" || meaning.kind === "store") && instruction.rs1 !== 0) {
        const { value, offset } = origins[instruction.rs1];
        const from = offset + instruction.immediate;
        const access = { from, to: from + meaning.bytes, writes: meaning.kind === "store" };
        let check = shared.get(value);
        if (check === undefined || !this.#extend(check, access, placed)) {
          const register = start.findIndex((origin) => origin.value === value);
          const atStart = register > 0;
          const at = atStart ? { register, offset: start[register].offset } : { register: instruction.rs1, offset };
          const isSteady = ((this.#steady[node] >>> at.register) & 1) !== 0;
          const bytesAcross = isSteady ? this.#reach.bytesAcrossSteady : this.#reach.bytesAcross;
          check = atStart || !this.#reach.atStartOnly ? { ...at, ...access, number: known.numbers++, bytesAcross } : undefined;
          if (check !== undefined) {
            if (atStart) placed.atStart.push(check);
            else placed.before.set(index, check);
          }
        }
        if (check !== undefined) {
          shared.set(value, check);
          placed.covered.set(index, { shared: check, from });
        }
      }
      if (meaning.kind !== "store" && meaning.kind !== "fence" && instruction.rd !== 0) {
        origins[instruction.rd] = originOf(instruction, origins) ?? this.#fresh();
      }
    });
    this.#atEnd[node] = known;
  }

  #knownAtStart(node: number): Known {
    const [before, ...others] = this.#flow.predecessors[node];
    const known = before === undefined || others.length > 0 ? undefined : this.#atEnd[before];
    if (known === undefined || this.#checkpoints.has(node) || isBarrier(this.#unit.blocks[before])) {
      return { origins: Array.from({ length: 32 }, () => this.#fresh()), shared: new Map(), numbers: 0 };
    }
    return { origins: [...known.origins], shared: new Map(known.shared), numbers: known.numbers };
  }

  #fresh(): Origin {
    return { value: this.#values++, offset: 0 };
  }

  /**
   * Makes an access part of a check's range, unless that would be too long, or mark a page as written to
   * that a block which may not be reached would write to.
   */
  #extend(shared: Shared, { from, to, writes }: Accessed, placed: Placed): boolean {
    const least = Math.min(from, shared.from);
    const most = Math.max(to, shared.to);
    const isHere = placed.atStart.includes(shared);
    if (this.#reach.atStartOnly && !isHere && writes && !shared.writes) return false;
    const isWithin = least === shared.from && most === shared.to;
    if (!isWithin && most - least > (isHere ? this.#reach.bytes : shared.bytesAcross)) return false;
    shared.from = least;
    shared.to = most;
    shared.writes ||= writes;
    return true;
  }
}

function rangeOf({ register, offset, from, to, writes, number }: Shared): CheckedRange {
  return { register, from: from - offset, to: to - offset, writes, number };
}

const ADDI = MNEMONICS.indexOf("addi");
const ADD = MNEMONICS.indexOf("add");

function originOf(instruction: Located, origins: readonly Origin[]): Origin | null {
  if (instruction.number === ADDI && instruction.rs1 !== 0) {
    const { value, offset } = origins[instruction.rs1];
    return { value, offset: offset + instruction.immediate };
  }
  // `mv` in its compressed form is an addition to x0.
  return instruction.number === ADD && instruction.rs1 === 0 && instruction.rs2 !== 0 ? origins[instruction.rs2] : null;
}
