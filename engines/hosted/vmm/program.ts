// What a VMM, as any program, has of its host: registers, the memory of its process, and system calls.

import type { PhysicalAddress } from "../../machine/address.ts";
import type { CoreMemory } from "../../machine/hart/core-memory.ts";

export interface Program {
  /** Of its own process: anything else raises a page fault. */
  readonly memory: CoreMemory;
  /** Register x[n], of which programs here use the low half. */
  register(n: number): number;
  /** Traps into the kernel, and comes back with its answer. `third`: for calls that have one more argument. */
  call(number: number, first: number, second: number, third?: number): number;
  /** The same for a call that ends a burst: made when the program comes to its end. */
  last(number: number, first: number): void;
}

/** Registers in which a thread of a VMM begins: its process's memory, and its run structure. */
export const REGISTER = { process: 8, run: 9 } as const;

export function addressIn(program: Program, register: number): PhysicalAddress {
  return (program.register(register) >>> 0) as PhysicalAddress;
}
