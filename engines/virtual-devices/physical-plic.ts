// The engine's use of the machine's PLIC: S-mode contexts of the harts (RISC-V PLIC Specification 1.0.0).

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { PLIC_BASE } from "../machine/layout.ts";

const ENABLES = 0x2000;
const ENABLE_STRIDE = 0x80;
const CONTEXTS = 0x20_0000;
const CONTEXT_STRIDE = 0x1000;
const CLAIM = 4;
const PRIORITY = 1;
const WORD = 4;

/** Forwards the interrupts of `source` to a hart. At boot; sources are below 32. */
export function route(hart: Hart, source: number, target: number): void {
  hart.writeDevice(physical(PLIC_BASE + WORD * source), PRIORITY);
  const enables = physical(PLIC_BASE + ENABLES + ENABLE_STRIDE * contextOf(target));
  hart.writeDevice(enables, hart.readDevice(enables) | (1 << source));
}

/** The source whose interrupt this hart takes now, or 0. Until it is completed it does not interrupt again. */
export function claim(hart: Hart): number {
  return hart.readDevice(claimRegister(hart.id));
}

/** Ends an interrupt that was claimed on `target`. */
export function complete(hart: Hart, source: number, target: number): void {
  hart.writeDevice(claimRegister(target), source);
}

function claimRegister(hart: number): PhysicalAddress {
  return physical(PLIC_BASE + CONTEXTS + CONTEXT_STRIDE * contextOf(hart) + CLAIM);
}

function contextOf(hart: number): number {
  return 2 * hart + 1;
}
