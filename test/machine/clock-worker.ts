// Reads the machine's clock on another thread.

import { parentPort, workerData } from "node:worker_threads";
import { WallClock } from "../../engines/machine/clock.ts";
import { PhysicalMemory, type MemoryHandle } from "../../engines/machine/memory.ts";

parentPort?.postMessage(new WallClock(new PhysicalMemory(workerData as MemoryHandle)).now());
