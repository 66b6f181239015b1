// Reads the machine's clock on another thread, and leaves what it read in the first cell of RAM.

import { workerData } from "node:worker_threads";
import { WallClock } from "../../engines/machine/clock.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";

const memory = new PhysicalMemory(workerData as MemoryHandle);
new Float64Array(memory.wasm.buffer)[memory.ramOffset >> 3] = new WallClock(memory).now();
