// An engine for tests of the model clock: guests that call every ten instructions, and what it does with a call.

import { physical, type PhysicalAddress } from "../../../engines/machine/address.ts";
import type { Hart } from "../../../engines/machine/hart/hart.ts";
import { CAUSE } from "../../../engines/machine/hart/privileged.ts";
import { RAM_BASE } from "../../../engines/machine/layout.ts";
import { prepareMachine } from "../../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../../engines/machine/memory.ts";
import { createModelMachine } from "../../../engines/machine/model/machine.ts";
import type { ModelMachine } from "../../../engines/machine/model/model.ts";
import { Core } from "../../../engines/machine/translator/core.ts";
import { CallsForEver } from "../software.ts";
import { costs } from "./costs.ts";

const RAM_BYTES = 0x40_0000;
/** A line for each of what a test keeps. */
export const lineAt = (index: number): PhysicalAddress => physical(RAM_BASE + 0x4_0000 + 64 * index);

export interface Handlers {
  /** Called once on each hart, at its start. */
  readonly start?: (hart: Hart) => void;
  readonly call: (hart: Hart) => void;
  readonly interrupt?: (hart: Hart) => void;
}

class Handled extends CallsForEver {
  readonly #handlers: Handlers;
  constructor(harts: number, handlers: Handlers) { super(harts); this.#handlers = handlers; }
  override start(hart: Hart): void {
    super.start(hart);
    this.#handlers.start?.(hart);
  }
  override trap(hart: Hart): void {
    if (hart.trapCause() !== CAUSE.virtualSupervisorCall) return this.#handlers.interrupt?.(hart);
    hart.advance();
    this.#handlers.call(hart);
  }
}

export interface TestMachine {
  readonly machine: ModelMachine;
  readonly memory: PhysicalMemory;
  readonly word: (address: PhysicalAddress) => number;
}

export function modelMachine(harts: number, handlers: Handlers): TestMachine {
  const memory = PhysicalMemory.create(RAM_BYTES, 1);
  prepareMachine(memory, harts);
  const machine = createModelMachine({
    memory, harts, mode: "hypervisor", software: new Handled(harts, handlers), core: (...given) => new Core(...given), costs: costs(Math.max(harts, 2)), lookahead: 1_000,
  });
  return { machine, memory, word: (address) => memory.i32[memory.offset(address) >> 2] };
}
