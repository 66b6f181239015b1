// A machine that a campaign starts from reset for every fault: what was translated for it stays, as nothing exact depends on it.

import type { CoreFactory, CoreImports } from "../../engines/machine/core.ts";
import { DEVICES_OFFSET, FIRMWARE_BYTES, HART_BLOCK_BYTES, HART_BLOCKS_OFFSET, THREAD_AREAS_OFFSET } from "../../engines/machine/layout.ts";
import { prepareMachine } from "../../engines/machine/machine.ts";
import { hartBlock, PhysicalMemory } from "../../engines/machine/memory.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import type { MachineCase } from "../case-machine.ts";
import { coreOptions, ModelSession } from "../model/session.ts";

/** Guests are aligned to so much (engines/placement); their channels lie between them. */
const SLOT_BYTES = 0x20_0000;

/** Behind the firmware's memory an engine may keep more (engines/restart). */
const ENGINE_BYTES = SLOT_BYTES;

/** Of cases without network ports and a disk. */
export class KeptMachine {
  readonly #case: MachineCase;
  readonly #costs: CostModel;
  readonly #memory: PhysicalMemory;
  #core: Core | undefined;
  #imports: CoreImports | undefined;

  constructor(machineCase: MachineCase, costs: CostModel) {
    this.#case = machineCase;
    this.#costs = costs;
    const slots = machineCase.configuration.vms.map(({ memoryBytes }) => Math.ceil(memoryBytes / SLOT_BYTES) * SLOT_BYTES);
    this.#memory = PhysicalMemory.create(slots.reduce((sum, bytes) => sum + bytes, FIRMWARE_BYTES + ENGINE_BYTES), 1);
  }

  /** The machine, booted anew. The session before this one is over. */
  start(): ModelSession {
    if (this.#core !== undefined) this.#clear();
    prepareMachine(this.#memory, this.#case.harts);
    const session = new ModelSession(this.#case, this.#costs, { machine: { memory: this.#memory, ports: 0 }, core: this.#adopt });
    session.run(1);
    this.recheck();
    return session;
  }

  /** Code has been written from outside. */
  recheck(): void {
    this.#core?.recheck();
  }

  /** Everything of the machine, but not what its thread keeps beside it. */
  #clear(): void {
    const zero = (from: number, to: number) => this.#memory.i32.fill(0, from >> 2, to >> 2);
    zero(0, HART_BLOCKS_OFFSET);
    zero(hartBlock(0), hartBlock(this.#case.harts - 1) + HART_BLOCK_BYTES);
    zero(DEVICES_OFFSET, THREAD_AREAS_OFFSET);
    zero(this.#memory.ramOffset, this.#memory.u8.length);
  }

  /** The core that there is, for a machine whose harts are new. */
  readonly #adopt: CoreFactory = (memory, thread, imports) => {
    this.#imports = imports;
    this.#core ??= new Core(memory, thread, {
      system: (state, word) => this.#current.system(state, word),
      trap: (state, cause) => this.#current.trap(state, cause),
      device: (state, access) => this.#current.device(state, access),
      locate: (state, access) => this.#current.locate(state, access),
      fetch: (state, address, kind) => this.#current.fetch(state, address, kind),
    }, coreOptions(this.#case));
    return this.#core;
  };

  get #current(): CoreImports {
    if (this.#imports === undefined) throw new Error("no machine has been made");
    return this.#imports;
  }
}
