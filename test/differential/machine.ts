// Runs a program on our machine, in slices and tiers as the test asks.

import { parseElf } from "../../engines/loader/elf.ts";
import { placeImage } from "../../engines/loader/place.ts";
import { guestPhysical, hartId, physical } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import type { EngineMode } from "../../engines/machine/hart/hart.ts";
import { enterFromEngine } from "../../engines/machine/hart/trap-return.ts";
import { EXIT, HART } from "../../engines/machine/layout.ts";
import { Machine, prepareMachine, type Software } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import type { CoreStatistics } from "../../engines/machine/translator/core-statistics.ts";
import { Firmware, Hypervisor, PROGRAM_RAM } from "./firmware.ts";
import { RAM, RAM_BYTES } from "./program.ts";

export interface Tier {
  /** Look-ups before code is translated: 1 at once, Infinity never. */
  readonly hotThreshold: number;
  /** Instructions in a slice. */
  readonly slice: number;
  /** Whether translations are for all spaces with the same code: not for one only. */
  readonly shared?: boolean;
  /** Whether they are for all places where the same code lies. */
  readonly placed?: boolean;
  /** Whether the program runs in S-mode or, with a second stage, in VS-mode. */
  readonly mode: EngineMode;
}

export interface End {
  readonly retired: number;
  /** False: it was still running at the limit. */
  readonly halted: boolean;
}

export interface MachineRun {
  readonly memory: Uint8Array;
  readonly end: End;
  readonly statistics: CoreStatistics;
}

/** Puts a program that does not move into the fresh memory of a machine. */
export function load(elf: Uint8Array, mode: EngineMode, threads: number): { readonly memory: PhysicalMemory; readonly entry: number } {
  const slot = { guest: guestPhysical(RAM), physical: PROGRAM_RAM[mode], bytes: RAM_BYTES };
  const memory = clearMemory(slot.physical - RAM + slot.bytes, threads);
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const placed = placeImage(memory, parsed.value, slot, guestPhysical(parsed.value.low));
  if (!placed.ok) throw new Error(placed.error.message);
  return { memory, entry: placed.value.entry };
}

/** Runs until the program shuts the machine down, or up to the limit; answers `bytes` of its memory from `address`. */
export function runOnMachine(elf: Uint8Array, address: number, bytes: number, tier: Tier, limit: number): MachineRun {
  const { memory, entry } = load(elf, tier.mode, 1);
  const software = tier.mode === "machine" ? new Firmware(entry) : new Hypervisor(entry);
  const { machine, core } = makeMachine(memory, software, tier);
  const end = runUntilHalted(machine, tier, limit);
  const from = memory.offset(physical(address - RAM + PROGRAM_RAM[tier.mode]));
  return { memory: memory.u8.slice(from, from + bytes), end, statistics: core.statistics() };
}

const memories = new Map<string, PhysicalMemory>();

/** Memory as if fresh. Shrinking runs hundreds of programs, and address space for memories is given back late. */
function clearMemory(bytes: number, threads: number): PhysicalMemory {
  const name = `${bytes} ${threads}`;
  const known = memories.get(name);
  if (known !== undefined) {
    known.u8.fill(0);
    return known;
  }
  const memory = PhysicalMemory.create(bytes, threads);
  memories.set(name, memory);
  return memory;
}

/** A machine of one hart in fresh memory. */
export function makeMachine(
  memory: PhysicalMemory, software: Software, tier: Tier,
): { readonly machine: Machine; readonly core: Core } {
  prepareMachine(memory, 1);
  let core: Core | undefined;
  const machine = new Machine({
    memory, clock: new WallClock(memory), mode: tier.mode, software, thread: 0, harts: [0],
    core: (of, thread, imports) => (core = new Core(of, thread, imports, tier)),
  });
  if (core === undefined) throw new Error("the machine made no core");
  return { machine, core };
}

/** Starts hart 0 and runs it in slices of the tier's own length, `limit` instructions at most. */
export function runUntilHalted(machine: Machine, tier: Tier, limit: number): End {
  const state = machine.state(hartId(0));
  machine.software.boot(state.hart);
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
    if (exit === EXIT.leave || retired > limit) return { retired: Number(retired), halted: exit === EXIT.leave };
    if (exit === EXIT.attention) Atomics.store(block, HART.attention >> 2, 0);
  }
}
