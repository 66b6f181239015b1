// Engines small enough to see through, for tests that execute real guests on real threads.

import { hartId, physical, guestPhysical, ticks, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CONTEXT_BYTES, CSR, type Hart } from "../../engines/machine/hart/hart.ts";
import { SECOND_STAGE_BYTES, writeSecondStage } from "../../engines/machine/hart/second-stage.ts";
import { FIRMWARE_BYTES, PLIC_BASE, RAM_BASE, RIGHT, UART_BASE, UART_IRQ } from "../../engines/machine/layout.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { addi, bne, jal } from "./assembly.ts";
import { ECALL, WFI } from "./fixture.ts";

export const GUEST_BYTES = 0x1_0000;
const TABLES = RAM_BASE + 0x1_0000;
const CONTEXTS = RAM_BASE + 0x2_0000;
/** One word per hart: what the test looks at. */
export const COUNTS = physical(RAM_BASE + 0x100);

export const contextOf = (hart: number): PhysicalAddress => physical(CONTEXTS + hart * CONTEXT_BYTES);
export const countOf = (hart: number): PhysicalAddress => physical(COUNTS + 4 * hart);
const tableOf = (hart: number): PhysicalAddress => physical(TABLES + hart * SECOND_STAGE_BYTES);
export const guestOf = (hart: number): PhysicalAddress => physical(RAM_BASE + FIRMWARE_BYTES + hart * GUEST_BYTES);

const T0 = 5;
const A0 = 10;
/** Never comes out by itself. */
const SPIN = [addi(T0, T0, 1), jal(0, -4)];
/** Calls for ever, ten instructions a call. */
const CALLS = [addi(T0, 0, 4), addi(T0, T0, -1), bne(T0, 0, -4), ECALL, jal(0, -16)];
/** Waits natively, and says so each time it is woken. */
const WAITS = [WFI, addi(A0, A0, 1), ECALL, jal(0, -12)];

/** One guest a hart, under a hypervisor. */
abstract class OneGuestEach implements Software {
  protected abstract readonly program: readonly number[];
  protected readonly harts: number;
  constructor(harts: number) { this.harts = harts; }

  boot(hart: Hart): void {
    for (let id = 0; id < this.harts; id++) {
      this.program.forEach((word, index) => hart.memory.store(physical(guestOf(id) + 4 * index), word));
      writeSecondStage(hart.memory, tableOf(id), [{
        base: guestPhysical(RAM_BASE), bytes: GUEST_BYTES, physical: guestOf(id), rights: RIGHT.read | RIGHT.write | RIGHT.execute,
      }]);
      hart.resetContext(contextOf(id), RAM_BASE, id, 0);
    }
  }
  start(hart: Hart): void {
    hart.setSecondStage(tableOf(hart.id), hart.id + 1);
    hart.loadContext(contextOf(hart.id));
    hart.setCsr(CSR.sie, 0x22, 0);
  }
  abstract trap(hart: Hart): void;
}

/** A guest on each hart that calls every 11 instructions, the first time after 10. */
export abstract class CallsForEver extends OneGuestEach {
  protected override readonly program = CALLS;
}

/** Halts after so many calls. */
export class CountsCalls extends OneGuestEach {
  protected override readonly program = CALLS;
  readonly #limit: number;
  constructor(limit: number) { super(1); this.#limit = limit; }
  override trap(hart: Hart): void {
    hart.advance();
    if (hart.memory.add(countOf(hart.id), 1) + 1 === this.#limit) hart.halt();
  }
}

/** Interrupts a spinning guest every `interval` ticks, and notes how late each time; halts after `limit`. */
export class Preempts extends OneGuestEach {
  protected override readonly program = SPIN;
  readonly lateness: number[] = [];
  readonly #interval: number;
  readonly #limit: number;
  #deadline = 0;
  constructor(interval: number, limit: number) { super(1); this.#interval = interval; this.#limit = limit; }
  override start(hart: Hart): void {
    super.start(hart);
    this.#arm(hart);
  }
  override trap(hart: Hart): void {
    if (hart.trapCause() !== 0x105) throw new Error(`unexpected trap ${hart.trapCause()}`);
    this.lateness.push(hart.time() - this.#deadline);
    if (this.lateness.length === this.#limit) return hart.halt();
    this.#arm(hart);
  }
  #arm(hart: Hart): void {
    this.#deadline = hart.time() + this.#interval;
    hart.setTimer(ticks(this.#deadline));
  }
}

/** The guest waits natively; its own timer wakes it. */
export class WakesByTimer extends OneGuestEach {
  protected override readonly program = WAITS;
  readonly #interval: number;
  readonly #limit: number;
  constructor(interval: number, limit: number) { super(1); this.#interval = interval; this.#limit = limit; }
  override start(hart: Hart): void {
    super.start(hart);
    hart.setCsr(CSR.hideleg, 0x444, 0);
    hart.setCsr(CSR.hie, 0x40, 0);
    hart.setCsr(CSR.henvcfg, 0, 1 << 31);
    this.#arm(hart);
  }
  override trap(hart: Hart): void {
    if (hart.trapCause() !== 10) throw new Error(`unexpected trap ${hart.trapCause()}`);
    if (hart.time() < hart.csrNumber(CSR.vstimecmp)) throw new Error("woken early");
    hart.advance();
    if (hart.xLow(A0) === this.#limit) return hart.halt();
    this.#arm(hart);
  }
  #arm(hart: Hart): void {
    hart.setCsr(CSR.vstimecmp, hart.time() + this.#interval, 0);
  }
}

/** Hart 0's guest spins or calls; an interrupt goes round all harts, which idle but for it, until told to stop. */
export class PassesRound extends OneGuestEach {
  protected override readonly program = SPIN;
  override start(hart: Hart): void {
    super.start(hart);
    if (hart.id !== 0) return hart.idle();
    hart.sendIpi(hartId(1 % this.harts));
  }
  override trap(hart: Hart): void {
    if (hart.trapCause() !== 0x101) throw new Error(`unexpected trap ${hart.trapCause()}`);
    hart.clearIpi();
    hart.memory.add(countOf(hart.id), 1);
    hart.sendIpi(hartId((hart.id + 1) % this.harts));
    if (hart.id !== 0) hart.idle();
  }
}

/** Never gets as far as a guest. */
export class FailsToBoot extends OneGuestEach {
  protected override readonly program = SPIN;
  override boot(): void { throw new Error("no such image"); }
  override trap(): void {}
}

/** Machine-mode software that idles on every hart and counts the timer interrupts that others set for it. */
export class CountsTimers implements Software {
  boot(): void {}
  start(hart: Hart): void {
    hart.setCsr(CSR.mie, 0x80, 0);
    hart.idle();
  }
  trap(hart: Hart): void {
    if (hart.trapCause() !== 0x107) throw new Error(`unexpected trap ${hart.trapCause()}`);
    hart.setTimer(ticks(Infinity));
    hart.memory.add(countOf(hart.id), 1);
  }
}

/** Machine-mode software that idles: hart 0 sets up the UART, whose interrupts hart 1 takes, and hart 1 counts the bytes. */
export class CountsInput implements Software {
  boot(): void {}
  start(hart: Hart): void {
    hart.setCsr(CSR.mie, 0x800, 0);
    if (hart.id === 0) {
      hart.writeDevice(physical(PLIC_BASE + 4 * UART_IRQ), 1);
      hart.writeDevice(physical(PLIC_BASE + 0x2000 + 2 * 0x80), 1 << UART_IRQ);
      hart.writeDevice(physical(UART_BASE + 1), 1, 1);
    }
    hart.idle();
  }
  trap(hart: Hart): void {
    if (hart.trapCause() !== 0x10b || hart.id !== 1) throw new Error(`unexpected trap ${hart.trapCause()} on hart ${hart.id}`);
    const claim = physical(PLIC_BASE + 0x20_0004 + 2 * 0x1000);
    const source = hart.readDevice(claim);
    while ((hart.readDevice(physical(UART_BASE + 5), 1) & 1) !== 0) {
      hart.readDevice(physical(UART_BASE), 1);
      hart.memory.add(countOf(hart.id), 1);
    }
    hart.writeDevice(claim, source);
    hart.idle();
  }
}

export const SOFTWARE = { round: PassesRound, fails: FailsToBoot, timers: CountsTimers, input: CountsInput } as const;
