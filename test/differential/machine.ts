// Runs a program on our machine under a few lines of M-mode firmware: what OpenSBI is to it in QEMU.

import { parseElf } from "../../engines/loader/elf.ts";
import { placeImage } from "../../engines/loader/place.ts";
import { guestPhysical, hartId, physical } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { CONTEXT_BYTES, CSR, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import { enterFromEngine } from "../../engines/machine/hart/trap-return.ts";
import { EXIT, HART } from "../../engines/machine/layout.ts";
import { Machine, prepareMachine, type Software } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { Core, type CoreStatistics } from "../../engines/machine/translator/core.ts";
import { RAM, RAM_BYTES } from "./program.ts";

/** Exceptions that OpenSBI hands to supervisors, directly or after a look: all but their own calls. */
const DELEGATED = 0xb1ff;
const ALL_COUNTERS = 7;
const SUPERVISOR_INTERRUPTS = 0x222;
const CAUSE_SUPERVISOR_CALL = 9;
const SBI = { reset: 0x5352_5354, notSupported: -2 } as const;
const CONTEXTS = RAM; // below the program
const A0 = 10;
const A1 = 11;
const A7 = 17;

/** Enters the program on every hart, and halts a hart that asks for a system reset. */
export class Firmware implements Software {
  readonly #entry: number;

  constructor(entry: number) {
    this.#entry = entry;
  }

  boot(): void {
    // The program is in memory already.
  }

  start(hart: Hart): void {
    hart.setCsr(CSR.medeleg, DELEGATED, 0);
    hart.setCsr(CSR.mideleg, SUPERVISOR_INTERRUPTS, 0);
    hart.setCsr(CSR.mcounteren, ALL_COUNTERS, 0);
    const context = physical(CONTEXTS + hart.id * CONTEXT_BYTES);
    hart.resetContext(context, this.#entry, hart.id, 0);
    hart.loadContext(context);
  }

  trap(hart: Hart): void {
    if (hart.trapCause() !== CAUSE_SUPERVISOR_CALL) throw new Error(`trap ${hart.trapCause()} was not delegated`);
    if (hart.xNumber(A7) === SBI.reset) return hart.halt();
    hart.setX(A0, SBI.notSupported, -1);
    hart.setX(A1, 0, 0);
    hart.advance();
  }
}

export interface Tier {
  /** Look-ups before code is translated: 1 at once, Infinity never. */
  readonly hotThreshold: number;
  /** Instructions in a slice. */
  readonly slice: number;
}

export interface MachineRun {
  readonly memory: Uint8Array;
  readonly retired: number;
  readonly statistics: CoreStatistics;
}

/** Puts a program that does not move into fresh memory. */
export function load(elf: Uint8Array, threads: number): { readonly memory: PhysicalMemory; readonly entry: number } {
  const memory = PhysicalMemory.create(RAM_BYTES, threads);
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const slot = { guest: guestPhysical(RAM), physical: physical(RAM), bytes: RAM_BYTES };
  const placed = placeImage(memory, parsed.value, slot, guestPhysical(parsed.value.low));
  if (!placed.ok) throw new Error(placed.error.message);
  return { memory, entry: placed.value.entry };
}

/** Runs until the program shuts the machine down; answers `bytes` of memory from `address`. */
export function runOnMachine(elf: Uint8Array, address: number, bytes: number, tier: Tier, limit: number): MachineRun {
  const { memory, entry } = load(elf, 1);
  const { machine, core } = makeMachine(memory, "machine", new Firmware(entry), tier);
  const retired = runUntilHalted(machine, tier, limit);
  const from = memory.offset(physical(address));
  return { memory: memory.u8.slice(from, from + bytes), retired, statistics: core.statistics() };
}

/** A machine of one hart in fresh memory. */
export function makeMachine(
  memory: PhysicalMemory, mode: EngineMode, software: Software, tier: Tier,
): { readonly machine: Machine; readonly core: Core } {
  prepareMachine(memory, 1);
  let core: Core | undefined;
  const machine = new Machine({
    memory, clock: new WallClock(memory), mode, software, thread: 0, harts: [0],
    core: (of, thread, imports) => (core = new Core(of, thread, imports, tier)),
  });
  if (core === undefined) throw new Error("the machine made no core");
  return { machine, core };
}

/** Starts hart 0 and runs it in slices of the tier's own length; answers the instructions it retired. */
export function runUntilHalted(machine: Machine, tier: Tier, limit: number): number {
  const state = machine.state(hartId(0));
  machine.software.start(state.hart);
  enterFromEngine(state);
  const { block } = state;
  const view = new DataView(block.buffer, block.byteOffset);
  for (;;) {
    block[HART.fuel >> 2] = tier.slice;
    block[HART.slice >> 2] = tier.slice;
    const exit = machine.core.run(state.base);
    const executed = BigInt(tier.slice - block[HART.fuel >> 2]);
    const retired = view.getBigInt64(HART.retired, true) + executed;
    view.setBigInt64(HART.retired, retired, true);
    if (exit === EXIT.leave) return Number(retired);
    if (exit === EXIT.attention) Atomics.store(block, HART.attention >> 2, 0);
    if (retired > limit) {
      throw new Error(`still running after ${limit} instructions, at ${view.getBigUint64(HART.pc, true).toString(16)}`);
    }
  }
}
