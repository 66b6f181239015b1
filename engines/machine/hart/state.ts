// The hardware of one hart as its thread holds it: where its block lies, and what is cached beside it.
// Everything here is below the engine, which sees only the Hart it is given.

import { hartId, type HartId } from "../address.ts";
import type { Clock } from "../clock.ts";
import type { GeneratedCore } from "../core.ts";
import { HART_BLOCK_BYTES } from "../layout.ts";
import { hartBlock, type PhysicalMemory } from "../memory.ts";
import { ConsoleSource } from "../devices/console-input.ts";
import { ConsoleWriter } from "../devices/console.ts";
import type { Devices } from "../devices/devices.ts";
import { contextCopy, type ContextCopy } from "./context-copy.ts";
import { BANK, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { CsrFile } from "./csr-file.ts";
import type { Hart } from "./hart.ts";
import { MemoryManagementUnit } from "./mmu/mmu.ts";
import type { PagedSpaces } from "./mmu/paged-spaces.ts";
import { PRIVILEGE } from "./privileged.ts";
import type { SecondStage } from "./second-stage.ts";
import { Timers } from "./timers.ts";

/** hypervisor: the engine is HS and its guests run with V = 1; machine: it is M, and they run in true S and U,
 *  on a machine without the H extension. */
export type EngineMode = "hypervisor" | "machine";

/** The software that traps go to: an engine. */
export interface TrapHandler {
  trap(hart: Hart): void;
}

/** What fences need of the core (core.ts). */
export type Flusher = Pick<GeneratedCore, "flush" | "revalidate" | "forgetPaged">;

/** What a hart on the model clock tells whoever executes it. */
export interface ModelHooks {
  /** A register of a device is about to be read or written by this hart. */
  deviceAccessed(): void;
}

/** Earlier than any timer: nothing runs that a timer would have to cut short. */
export const NO_SLICE = -Infinity;

export class HartState {
  readonly id: HartId;
  readonly memory: PhysicalMemory;
  readonly i32: Int32Array;
  /** Host offset of the hart block: what generated code calls `state`. */
  readonly base: number;
  /** The words of the block alone. */
  readonly block: Int32Array;
  readonly hypervisor: boolean;
  /** Word of the high half of the guest's own satp: vsatp or satp. */
  readonly guestAtpHigh: number;
  /** The privilege that the engine runs at. */
  readonly enginePrivilege: number;
  readonly clock: Clock;
  readonly console: ConsoleWriter;
  readonly typed: ConsoleSource;
  readonly timers: Timers;
  readonly csrs: CsrFile;
  readonly contexts: ContextCopy;
  readonly mmu: MemoryManagementUnit;
  /** Set once, by the Hart made for this state. */
  hart!: Hart;
  readonly engine: TrapHandler;
  /** The core of this thread; set once, by the machine. */
  flusher!: Flusher;
  /** What happens while the engine waits for another hart; replaced by whoever executes the hart. */
  relax: () => void = () => Atomics.pause();
  /** Rounds in which the engine has waited so. */
  relaxed = 0;
  /** Set once, by the machine: its devices, as this thread runs them. */
  devices!: Devices;

  /** Set under the model clock: traps to the engine then wait for whoever executes the hart (`trapped`), and whatever ends a
   *  slice early does so behind the very instruction. */
  model: ModelHooks | null = null;
  /** A trap to the engine has been taken and not been handled. */
  trapped = false;

  /** The engine asked for these during the trap being handled. */
  idling = false;
  halted = false;
  /** The engine loaded a context or an address space during the trap being handled. */
  switched = false;
  /** The earliest timer that was known when the running slice was sized; NO_SLICE outside one. */
  horizon = NO_SLICE;
  /** The last command taken up was to pause; a machine starts paused. */
  paused = true;
  /** Cycles for which the thread slept because the hart had nothing to do (or was paused). */
  slept = 0;
  /** Traps that the engine has handled. */
  traps = 0;
  /** The second stage in use: its table, and the space that names it. */
  secondStage = -1;
  space = -1;
  /** Second stages that this hart has used, by space. */
  readonly secondStages: SecondStage[] = [];
  /** CONTROL.instructionFences as of this hart's last comparison, by second stage (hart/instruction-fence.ts). */
  readonly instructionFences: number[] = [];

  constructor(memory: PhysicalMemory, id: number, mode: EngineMode, clock: Clock, engine: TrapHandler, spaces: PagedSpaces) {
    this.id = hartId(id);
    this.memory = memory;
    this.i32 = memory.i32;
    this.base = hartBlock(id);
    this.block = new Int32Array(memory.wasm.buffer, this.base, HART_BLOCK_BYTES >> 2);
    this.hypervisor = mode === "hypervisor";
    this.guestAtpHigh = (this.hypervisor ? VIRTUAL_SUPERVISOR_BANK : SUPERVISOR_BANK) + BANK.atp + 1;
    this.enginePrivilege = this.hypervisor ? PRIVILEGE.supervisor : PRIVILEGE.machine;
    this.clock = clock;
    this.console = new ConsoleWriter(memory);
    this.typed = new ConsoleSource(memory);
    this.timers = new Timers(this.block);
    this.csrs = new CsrFile(this);
    this.contexts = contextCopy(memory);
    this.mmu = new MemoryManagementUnit(this, spaces);
    this.engine = engine;
  }
}
