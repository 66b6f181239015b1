// What our machine runs beneath the programs under test, in a few lines each: M-mode firmware, as OpenSBI is to
// them in QEMU, and a hypervisor that lets them see the same.

import { guestPhysical, physical, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CONTEXT_BYTES, CSR, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import { writeSecondStage } from "../../engines/machine/hart/second-stage.ts";
import { FIRMWARE_BYTES, RIGHT } from "../../engines/machine/layout.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { RAM, RAM_BYTES } from "./program.ts";

/** Exceptions that OpenSBI hands to supervisors, directly or after a look: all but their own calls. */
const DELEGATED = 0xb1ff;
const ALL_COUNTERS = 7;
const SUPERVISOR_INTERRUPTS = 0x222;
const VIRTUAL_INTERRUPTS = 0x444;
const SBI = { reset: 0x5352_5354, notSupported: -2 } as const;
/** Causes as hypervisors see them, and what the guest is to see: there is no second stage for it. */
const REFLECTED: Readonly<Record<number, number>> = { 20: 1, 21: 5, 22: 2, 23: 7 };
const A0 = 10;
const A1 = 11;
const A7 = 17;

/** Where the program's RAM lies in physical memory, by mode. */
export const PROGRAM_RAM: Readonly<Record<EngineMode, PhysicalAddress>> = {
  machine: physical(RAM),
  hypervisor: physical(RAM + FIRMWARE_BYTES),
};
const SECOND_STAGE = physical(RAM + 0x1000);
const contextOf = (hart: Hart): PhysicalAddress => physical(RAM + hart.id * CONTEXT_BYTES);

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
    hart.resetContext(contextOf(hart), this.#entry, hart.id, 0);
    hart.loadContext(contextOf(hart));
  }

  trap(hart: Hart): void {
    if (hart.trapCause() !== 9) throw new Error(`trap ${hart.trapCause()} was not delegated`);
    answerCall(hart);
  }
}

/** The same for a program that is a guest with a second stage. */
export class Hypervisor implements Software {
  readonly #entry: number;

  constructor(entry: number) {
    this.#entry = entry;
  }

  boot(hart: Hart): void {
    writeSecondStage(hart.memory, SECOND_STAGE, [{
      base: guestPhysical(RAM), bytes: RAM_BYTES, physical: PROGRAM_RAM.hypervisor, rights: RIGHT.read | RIGHT.write | RIGHT.execute,
    }]);
  }

  start(hart: Hart): void {
    hart.setCsr(CSR.hedeleg, DELEGATED, 0);
    hart.setCsr(CSR.hideleg, VIRTUAL_INTERRUPTS, 0);
    hart.setCsr(CSR.hcounteren, ALL_COUNTERS, 0);
    hart.setSecondStage(SECOND_STAGE, 1);
    hart.resetContext(contextOf(hart), this.#entry, hart.id, 0);
    hart.loadContext(contextOf(hart));
  }

  trap(hart: Hart): void {
    const cause = hart.trapCause();
    if (cause === 10) return answerCall(hart);
    const reflected = REFLECTED[cause];
    if (reflected === undefined) throw new Error(`trap ${cause} was not delegated`);
    hart.inject(reflected, hart.csrLow(CSR.stval), hart.csrHigh(CSR.stval));
  }
}

function answerCall(hart: Hart): void {
  if (hart.xNumber(A7) === SBI.reset) return hart.halt();
  hart.setX(A0, SBI.notSupported, -1);
  hart.setX(A1, 0, 0);
  hart.advance();
}
