// One hart of the lock test: raises a counter that nothing but the lock protects.

import { isMainThread, workerData } from "node:worker_threads";
import { cycles, hartId, physical } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";
import { LOCK_KINDS, type LockName } from "../../engines/locks/kinds.ts";
import { Locks } from "../../engines/locks/locks.ts";
import type { LockKind } from "../../engines/locks/record.ts";

export const LOCK = physical(RAM_BASE);
export const COUNTER = physical(RAM_BASE + 0x100);
export const GATE = physical(RAM_BASE + 0x140);
export const NODES = physical(RAM_BASE + 0x200);

export interface LockTask {
  readonly memory: MemoryHandle;
  readonly hart: number;
  readonly harts: number;
  readonly kind: LockName | "none";
  readonly rounds: number;
  readonly timing: boolean;
}

const noLock: LockKind = { acquire: () => false, release() {} };
/** Test runners have threads too. */
const isTask = (data: unknown): data is LockTask => typeof data === "object" && data !== null && "rounds" in data;
/** Makes losing an update likely where the lock does not hold. */
const DWELL = 20;

if (!isMainThread && isTask(workerData)) {
  const task = workerData;
  const memory = new CoreMemory(new PhysicalMemory(task.memory));
  const hart = { id: hartId(task.hart), memory, trace: () => undefined, now: () => cycles(performance.now() * 1e6) } as unknown as Hart;
  const locks = new Locks(task.kind === "none" ? noLock : LOCK_KINDS[task.kind], NODES, task.timing);
  memory.add(GATE, 1);
  memory.awaitEqual(GATE, task.harts);
  for (let round = 0; round < task.rounds; round++) {
    locks.acquire(hart, LOCK);
    const value = memory.load(COUNTER);
    for (let count = 0; count < DWELL; count++) Atomics.pause();
    memory.store(COUNTER, value + 1);
    locks.release(hart, LOCK);
  }
}
