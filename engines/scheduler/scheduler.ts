// What decides who runs on a hart. Its state is in the queue and vCPU records.

import type { Cycles, PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";

export interface Scheduler {
  /** Before the first turn of a queue. */
  start(memory: CoreMemory, queue: PhysicalAddress, now: Cycles): void;
  /** A vCPU that was blocked or stopped has become ready. */
  wake(memory: CoreMemory, vcpu: PhysicalAddress, now: Cycles): void;
  /** Whether a ready vCPU would run in time of its own, and not in what is left over. */
  hasTime(memory: CoreMemory, vcpu: PhysicalAddress): boolean;
  /**
   * Which member runs from `now` (NONE: none), after charge(); sets the queue's `charged` and `turnEnd`.
   * `yielding` has given up the rest of its turn: it runs only if no other member can.
   */
  pick(memory: CoreMemory, queue: PhysicalAddress, now: Cycles, yielding: PhysicalAddress): PhysicalAddress;
}
