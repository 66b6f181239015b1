// Changes descriptors all the time, between such that are right and such that reach outside, until told to stop.

import { workerData } from "node:worker_threads";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";

export interface DescriptorWork {
  readonly handle: MemoryHandle;
  /** Host offset of the table, and descriptors in it. */
  readonly table: number;
  readonly size: number;
  /** Addresses (low halves) and lengths that descriptors may have. */
  readonly addresses: readonly number[];
  readonly lengths: readonly number[];
  /** 1: started; 2: stop. */
  readonly state: Int32Array;
}

const { handle, table, size, addresses, lengths, state } = workerData as DescriptorWork;
const { i32 } = new PhysicalMemory(handle);
Atomics.store(state, 0, 1);
for (let turn = 0; Atomics.load(state, 0) !== 2; turn++) {
  const word = (table >> 2) + 4 * (turn % size);
  Atomics.store(i32, word, addresses[turn % addresses.length]);
  Atomics.store(i32, word + 2, lengths[(turn >> 3) % lengths.length]);
  Atomics.store(i32, word + 3, ((turn >> 2) & 3) | (((turn + 1) % size) << 16));
}
