// Claims and completes interrupts of one context until told to stop, and counts them by source.

import { workerData } from "node:worker_threads";
import { Plic } from "../../engines/machine/devices/plic.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";

export interface ClaimWork {
  readonly handle: MemoryHandle;
  readonly context: number;
  /** Threads that have started, -1 to stop; interrupts completed by all. */
  readonly started: Int32Array;
  /** By source. */
  readonly claims: Int32Array;
}

const { handle, context, started, claims } = workerData as ClaimWork;
const plic = new Plic(new PhysicalMemory(handle));
const register = 0x20_0004 + 0x1000 * context;
Atomics.add(started, 0, 1);
while (Atomics.load(started, 0) !== -1) {
  plic.read(register, 4);
  const source = plic.low;
  if (source === 0) continue;
  claims[source]++;
  plic.setLine(source, false); // as a driver does that serves the device
  plic.write(register, 4, source);
  Atomics.add(started, 1, 1);
}
