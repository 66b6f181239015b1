// A machine as one thread holds it: the memory it shares with the others, its clock, its generated core and
// the harts it executes.

import { hartId, type HartId } from "./address.ts";
import { WallClock, type Clock } from "./clock.ts";
import type { CoreFactory, GeneratedCore } from "./core.ts";
import { AccessUnit } from "./devices/access.ts";
import { Devices } from "./devices/devices.ts";
import { NO_DEVICES, prepareDevices, type DeviceDescription } from "./devices/prepare.ts";
import { Hart } from "./hart/hart.ts";
import { resetHart } from "./hart/reset.ts";
import { PagedSpaces } from "./hart/mmu/paged-spaces.ts";
import { fetchAt, locate } from "./hart/mmu/requests.ts";
import { HartState, type EngineMode, type TrapHandler } from "./hart/state.ts";
import { executeSystem } from "./hart/system.ts";
import { takeTrap } from "./hart/trap.ts";
import { CONTROL, CONTROL_OFFSET, HART_BLOCK_BYTES, HART_BLOCKS_OFFSET, MAXIMUM_HARTS } from "./layout.ts";
import { threadArea, type PhysicalMemory } from "./memory.ts";
import type { WirePort } from "./network/wire.ts";

/** What runs on a machine: an engine. */
export interface Software extends TrapHandler {
  /** Once, on hart 0, before any other hart starts. */
  boot(hart: Hart): void;
  /** Once on every hart after boot: must load a context, idle or halt. */
  start(hart: Hart): void;
}

export interface MachineDescription {
  readonly memory: PhysicalMemory;
  readonly clock: Clock;
  readonly mode: EngineMode;
  readonly software: Software;
  readonly core: CoreFactory;
  /** Which of the memory's threads this is. */
  readonly thread: number;
  /** The harts that this thread executes. */
  readonly harts: readonly number[];
  /** How this thread's harts are made where it is not as of itself: their clocks, and what engines have of them. */
  readonly clockOf?: (id: HartId) => Clock;
  readonly makeHart?: (state: HartState) => Hart;
  /** What its network ports are connected to, as this thread reaches it. */
  readonly wire?: readonly WirePort[];
}

/** Prepares fresh memory for a machine of `harts` harts, paused, with its time starting now. Once, before any
 *  thread makes its Machine. */
export function prepareMachine(memory: PhysicalMemory, harts: number, devices: DeviceDescription = NO_DEVICES): void {
  if (!Number.isInteger(harts) || harts < 1 || harts > MAXIMUM_HARTS) {
    throw new RangeError(`a machine has 1 to ${MAXIMUM_HARTS} harts, not ${harts}`);
  }
  memory.i32[(CONTROL_OFFSET + CONTROL.harts) >> 2] = harts;
  prepareDevices(memory, devices);
  WallClock.setEpoch(memory);
}

const BLOCK_SHIFT = 31 - Math.clz32(HART_BLOCK_BYTES);

export class Machine {
  readonly memory: PhysicalMemory;
  readonly software: Software;
  readonly core: GeneratedCore;
  /** By hart number; only this thread's harts are there. */
  readonly #states: (HartState | undefined)[] = [];
  readonly #harts: (Hart | undefined)[] = [];

  /** Resets the harts of this thread. */
  constructor(description: MachineDescription) {
    const { memory, clock, mode, software, thread, wire = [], clockOf = () => clock, makeHart = (state) => new Hart(state) } = description;
    this.memory = memory;
    this.software = software;
    const devices = new Devices(memory, clock, mode === "hypervisor", wire);
    const spaces = new PagedSpaces();
    for (const id of description.harts) {
      const state = new HartState(memory, id, mode, clockOf(hartId(id)), software, spaces);
      state.devices = devices;
      resetHart(state, threadArea(thread));
      this.#states[id] = state;
      this.#harts[id] = makeHart(state);
    }
    const unit = new AccessUnit(devices.byNumber);
    const stateAt = (base: number): HartState => this.#states[(base - HART_BLOCKS_OFFSET) >> BLOCK_SHIFT] as HartState;
    this.core = description.core(memory, thread, {
      system: (base, word) => executeSystem(stateAt(base), word),
      trap: (base, cause) => takeTrap(stateAt(base), cause),
      device: (base, access) => unit.perform(stateAt(base), access),
      locate: (base, access) => locate(stateAt(base), access),
      fetch: (base, address, kind) => fetchAt(stateAt(base), address, kind),
    });
    for (const id of description.harts) this.state(hartId(id)).flusher = this.core;
  }

  /** The engine's view of hart `id`, which must be one of this thread's. */
  hart(id: HartId): Hart {
    const hart = this.#harts[id];
    if (hart === undefined) throw new RangeError(`hart ${id} is not one of this thread's`);
    return hart;
  }

  /** Its hardware, for what executes it. */
  state(id: HartId): HartState {
    const state = this.#states[id];
    if (state === undefined) throw new RangeError(`hart ${id} is not one of this thread's`);
    return state;
  }

  harts(): HartId[] {
    return this.#states.flatMap((state) => (state === undefined ? [] : [hartId(state.id)]));
  }
}
