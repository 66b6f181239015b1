// The machine's time as a hart sees it. One clock per thread.

import { cycles, ticks, type Cycles, type Ticks } from "./address.ts";
import { CONTROL, CONTROL_OFFSET, TIMEBASE_HZ } from "./layout.ts";
import type { PhysicalMemory } from "./memory.ts";

export interface Clock {
  /** The `time` CSR: whole ticks of TIMEBASE_HZ since the machine was prepared. */
  time(): Ticks;
  /** The cycle counter. May be fractional. */
  now(): Cycles;
  /** What now() reads when time() first reads `time`. */
  cyclesAt(time: Ticks): Cycles;
}

const EPOCH_INDEX = (CONTROL_OFFSET + CONTROL.epoch) >> 3;
const NANOSECONDS_PER_TICK = 1e9 / TIMEBASE_HZ;
const ALIGNMENT_SAMPLES = 64;

/** The host's monotonic clock. All threads of a machine agree to within the time of one clock read. */
export class WallClock implements Clock {
  /** Milliseconds to add to performance.now(), whose zero differs from thread to thread. */
  readonly #offset: number;

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
    this.#offset = offset;
  }

  time(): Ticks {
    return ticks(Math.floor((performance.now() + this.#offset) * (1e6 / NANOSECONDS_PER_TICK)));
  }

  now(): Cycles {
    return cycles((performance.now() + this.#offset) * 1e6);
  }

  cyclesAt(time: Ticks): Cycles {
    return cycles(time * NANOSECONDS_PER_TICK);
  }
}
