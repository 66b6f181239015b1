// The machine's time as a hart sees it. One clock per thread.

// The global of this name is an accessor, which costs as much as half the clock read.
import { performance } from "node:perf_hooks";

import { cycles, ticks, type Cycles, type Ticks } from "./address.ts";
import { CONTROL, CONTROL_OFFSET, TIMEBASE_HZ } from "./layout.ts";
import type { PhysicalMemory } from "./memory.ts";

export interface Clock {
  /** The `time` CSR: whole ticks of TIMEBASE_HZ since the machine was prepared. */
  time(): Ticks;
  /** The cycle counter. May be fractional. */
  now(): Cycles;
}

const EPOCH_INDEX = (CONTROL_OFFSET + CONTROL.epoch) >> 3;
/** The cycle counter runs at 1 GHz. */
const CYCLES_HZ = 1e9;
const CYCLES_PER_TICK = CYCLES_HZ / TIMEBASE_HZ;
const CYCLES_PER_MILLISECOND = CYCLES_HZ / 1000;
const ALIGNMENT_SAMPLES = 64;

/** What now() reads when time() first reads `time`; also converts durations. */
export function ticksToCycles(time: Ticks): Cycles {
  return cycles(time * CYCLES_PER_TICK);
}

/** What time() reads when now() reads `time`. */
export function cyclesToTicks(time: Cycles): Ticks {
  return ticks(Math.floor(time / CYCLES_PER_TICK));
}

/** The host's monotonic clock. All threads of a machine agree to within the time of one clock read. */
export class WallClock implements Clock {
  /** Milliseconds to add to performance.now(), whose zero differs from thread to thread: while nothing was
   *  skipped, and now. */
  readonly #aligned: number;
  #offset: number;

  /** Makes now the machine's time zero. Called once, when the machine is prepared. */
  static setEpoch(memory: PhysicalMemory): void {
    new Float64Array(memory.wasm.buffer)[EPOCH_INDEX] = Number(process.hrtime.bigint());
  }

  constructor(memory: PhysicalMemory) {
    const epoch = BigInt(new Float64Array(memory.wasm.buffer)[EPOCH_INDEX]);
    // performance.now() does not allocate, hrtime.bigint() has a zero common to all threads: bracket one
    // read of the first by two of the second, and keep the tightest bracket.
    let tightest = Infinity;
    let offset = 0;
    for (let sample = 0; sample < ALIGNMENT_SAMPLES; sample++) {
      const before = Number(process.hrtime.bigint() - epoch);
      const here = performance.now();
      const after = Number(process.hrtime.bigint() - epoch);
      if (after - before < tightest) {
        tightest = after - before;
        offset = (before + after) / 2 / 1e6 - here;
      }
    }
    this.#aligned = offset;
    this.#offset = offset;
  }

  /** Time for which the machine was paused, in all, does not count. The same on every thread, while no hart runs. */
  skip(milliseconds: number): void {
    this.#offset = this.#aligned - milliseconds;
  }

  time(): Ticks {
    return ticks(Math.floor((performance.now() + this.#offset) * (CYCLES_PER_MILLISECOND / CYCLES_PER_TICK)));
  }

  now(): Cycles {
    return cycles((performance.now() + this.#offset) * CYCLES_PER_MILLISECOND);
  }
}
