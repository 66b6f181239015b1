// Runs a program on our machine under a few lines of M-mode firmware: what OpenSBI is to it in QEMU.

import { parseElf } from "../../engines/loader/elf.ts";
import { placeImage } from "../../engines/loader/place.ts";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { AccessUnit } from "../../engines/machine/devices/access.ts";
import { CSR, Hart, type TrapHandler } from "../../engines/machine/hart/hart.ts";
import { resetHart } from "../../engines/machine/hart/reset.ts";
import { HartState } from "../../engines/machine/hart/state.ts";
import { executeSystem } from "../../engines/machine/hart/system.ts";
import { takeTrap } from "../../engines/machine/hart/trap.ts";
import { enterFromEngine } from "../../engines/machine/hart/trap-return.ts";
import { EXIT, HART } from "../../engines/machine/layout.ts";
import { PhysicalMemory, threadArea } from "../../engines/machine/memory.ts";
import { Core, type CoreStatistics } from "../../engines/machine/translator/core.ts";
import { RAM, RAM_BYTES } from "./program.ts";

/** Exceptions that OpenSBI hands to supervisors, directly or after a look: all but their own calls. */
const DELEGATED = 0xb1ff;
const ALL_COUNTERS = 7;
const SUPERVISOR_INTERRUPTS = 0x222;
const CAUSE_SUPERVISOR_CALL = 9;
const SBI = { reset: 0x5352_5354, notSupported: -2 } as const;
const CONTEXT = physical(RAM); // below the program
const A0 = 10;
const A1 = 11;
const A7 = 17;

const firmware: TrapHandler = {
  trap(hart: Hart): void {
    if (hart.trapCause() !== CAUSE_SUPERVISOR_CALL) throw new Error(`trap ${hart.trapCause()} was not delegated`);
    if (hart.xNumber(A7) === SBI.reset) return hart.halt();
    hart.setX(A0, SBI.notSupported, -1);
    hart.setX(A1, 0, 0);
    hart.advance();
  },
};

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

/** Runs until the program shuts the machine down; answers `bytes` of memory from `address`. */
export function runOnMachine(elf: Uint8Array, address: number, bytes: number, tier: Tier, limit: number): MachineRun {
  const memory = PhysicalMemory.create(RAM_BYTES, 1);
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const image = parsed.value;
  const slot = { guest: guestPhysical(RAM), physical: physical(RAM), bytes: RAM_BYTES };
  const placed = placeImage(memory, image, slot, guestPhysical(image.low));
  if (!placed.ok) throw new Error(placed.error.message);

  WallClock.setEpoch(memory);
  const state = new HartState(memory, 0, "machine", new WallClock(memory), firmware);
  const hart = new Hart(state);
  const accesses = new AccessUnit([]);
  const core: Core = new Core(memory, 0, {
    system: (_, word) => executeSystem(state, word, core),
    trap: (_, cause) => takeTrap(state, cause),
    device: (_, access) => accesses.perform(state, access),
  }, tier);
  resetHart(state, threadArea(0));
  hart.setCsr(CSR.medeleg, DELEGATED, 0);
  hart.setCsr(CSR.mideleg, SUPERVISOR_INTERRUPTS, 0);
  hart.setCsr(CSR.mcounteren, ALL_COUNTERS, 0);
  hart.resetContext(CONTEXT, placed.value.entry, 0, 0);
  hart.loadContext(CONTEXT);
  enterFromEngine(state);

  let retired = 0;
  const { i32, word } = state;
  for (;;) {
    i32[word + (HART.fuel >> 2)] = tier.slice;
    i32[word + (HART.slice >> 2)] = tier.slice;
    const exit = core.run(state.base);
    retired += tier.slice - i32[word + (HART.fuel >> 2)];
    if (exit === EXIT.leave) break;
    if (exit === EXIT.attention) Atomics.store(i32, word + (HART.attention >> 2), 0);
    if (retired > limit) throw new Error(`still running after ${limit} instructions`);
  }
  const from = memory.offset(physical(address));
  // Traps are taken back from the count in HART.retired.
  const trapped = i32[word + (HART.retired >> 2)];
  return { memory: memory.u8.slice(from, from + bytes), retired: retired + trapped, statistics: core.statistics() };
}
