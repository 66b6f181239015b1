// A machine that does nothing but what queueing theory knows in closed form: customers that think, wait in a queue, are
// served for a fixed time and think again. A hart is a customer, its guest thinks, and a lock around the engine's work is
// the queue. The lock is the engines' own, without the counters that they keep of theirs.

import { cycles, guestPhysical, physical, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CONTEXT_BYTES, type Hart } from "../../engines/machine/hart/hart.ts";
import { SECOND_STAGE_BYTES, writeSecondStage } from "../../engines/machine/hart/second-stage.ts";
import { MAXIMUM_HARTS, RAM_BASE, RIGHT } from "../../engines/machine/layout.ts";
import { prepareMachine, type Software } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { createModelMachine } from "../../engines/machine/model/machine.ts";
import type { ModelMachine } from "../../engines/machine/model/model.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import { LOCK_KINDS, type LockName } from "../../engines/locks/kinds.ts";
import { LOCK_BYTES, LOCK_NODE_BYTES, type LockKind } from "../../engines/locks/record.ts";

const LOCK = physical(RAM_BASE);
const NODES = physical(LOCK + LOCK_BYTES);
const TABLE = physical(NODES + MAXIMUM_HARTS * LOCK_NODE_BYTES);
const CONTEXTS = physical(TABLE + Math.ceil(SECOND_STAGE_BYTES / CONTEXT_BYTES) * CONTEXT_BYTES);
const PAGE_BYTES = 0x1000;
const GUEST = physical(Math.ceil((CONTEXTS + MAXIMUM_HARTS * CONTEXT_BYTES) / PAGE_BYTES) * PAGE_BYTES);
const RAM_BYTES = GUEST + PAGE_BYTES - RAM_BASE;

/** The guests share nothing, and nothing is sent to them: they may think as far ahead as they like. */
const LOOKAHEAD = 100_000;

const T0 = 5;
const ADDI = 0x13;
const LUI = 0x37;
/** bne t0, x0, -4 */
const AGAIN = 0xfe02_9ee3;
const ECALL = 0x73;
/** jal x0, -20 */
const FROM_THE_START = 0xfedf_f06f;
/** Instructions of a call beside the turns of its loop, and of a turn. */
const CALL_INSTRUCTIONS = 4;
const TURN_INSTRUCTIONS = 2;

export interface Customers {
  readonly harts: number;
  /** Guest instructions from one operation to the next: even, and at least 6. */
  readonly think: number;
  /** Cycles of each operation's work under the lock. */
  readonly service: number;
  readonly kind: LockName;
  readonly costs: CostModel;
}

export interface Served {
  /** Cycles of the machine's clock for one operation, of any hart. */
  readonly interval: number;
  /** Operations of each hart. */
  readonly operations: readonly number[];
}

class Shop implements Software {
  readonly operations: number[];
  readonly #kind: LockKind;
  readonly #turns: number;

  constructor({ harts, think, kind }: Customers) {
    this.operations = Array<number>(harts).fill(0);
    this.#kind = LOCK_KINDS[kind];
    this.#turns = (think - CALL_INSTRUCTIONS) / TURN_INSTRUCTIONS;
    if (!Number.isInteger(this.#turns) || this.#turns < 1) throw new RangeError(`no guest thinks for ${think} instructions`);
  }

  boot(hart: Hart): void {
    programOf(this.#turns).forEach((word, index) => hart.memory.store(physical(GUEST + 4 * index), word));
    writeSecondStage(hart.memory, TABLE, [{ base: guestPhysical(RAM_BASE), bytes: PAGE_BYTES, physical: GUEST, rights: RIGHT.read | RIGHT.write | RIGHT.execute }]);
    this.operations.forEach((_, id) => hart.resetContext(contextOf(id), RAM_BASE, id, 0));
  }

  start(hart: Hart): void {
    hart.setSecondStage(TABLE, hart.id + 1);
    hart.loadContext(contextOf(hart.id));
  }

  trap(hart: Hart): void {
    const node = physical(NODES + hart.id * LOCK_NODE_BYTES);
    hart.advance();
    this.#kind.acquire(hart.memory, LOCK, node);
    hart.fenceGuest(); // charged as `service`
    this.#kind.release(hart.memory, LOCK, node);
    this.operations[hart.id]++;
  }
}

export class CustomersMachine {
  readonly #shop: Shop;
  readonly #machine: ModelMachine;
  #now = 0;

  constructor(customers: Customers) {
    const { harts, service, costs } = customers;
    const memory = PhysicalMemory.create(RAM_BYTES, 1);
    prepareMachine(memory, harts);
    this.#shop = new Shop(customers);
    this.#machine = createModelMachine({
      memory, harts, mode: "hypervisor", software: this.#shop, core: (...parts) => new Core(...parts),
      costs: { ...costs, costs: { ...costs.costs, fence: service } }, lookahead: LOOKAHEAD,
    });
  }

  /** Lets everybody go on for so many cycles, or a few more. */
  run(duration: number): Served {
    const before = [...this.#shop.operations];
    this.#now += duration;
    const outcome = this.#machine.run(cycles(this.#now));
    if (outcome.kind !== "reached") throw new Error(`customers who think for ever ended as ${outcome.kind}`);
    const operations = this.#shop.operations.map((count, hart) => count - before[hart]);
    return { interval: duration / operations.reduce((sum, count) => sum + count, 0), operations };
  }
}

/** What a customer who is alone needs for one operation, by the costs: nothing is ever waited for. */
export function alone({ think, service, kind, costs: { costs } }: Omit<Customers, "harts">): number {
  return think + costs.trapEntry + 2 * costs.csr + lockAlone(kind, costs.cacheHit, costs.atomic) + service + costs.trapReturn;
}

/** A lock taken and given back by the only one who uses it. */
function lockAlone(kind: LockName, hit: number, atomic: number): number {
  switch (kind) {
    case "test-and-set": return hit + atomic + hit;
    case "ticket": return hit + atomic + hit + hit + atomic;
    case "mcs": return hit + hit + atomic + hit + hit + atomic;
  }
}

const contextOf = (hart: number): PhysicalAddress => physical(CONTEXTS + hart * CONTEXT_BYTES);

/** lui t0; addi t0; then counts t0 down to 0 and calls. */
function programOf(turns: number): readonly number[] {
  const low = (turns << 20) >> 20;
  return [
    (turns - low) | (T0 << 7) | LUI,
    (low << 20) | (T0 << 15) | (T0 << 7) | ADDI,
    (-1 << 20) | (T0 << 15) | (T0 << 7) | ADDI,
    AGAIN,
    ECALL,
    FROM_THE_START,
  ].map((word) => word | 0);
}
