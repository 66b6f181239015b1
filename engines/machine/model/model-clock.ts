// Time on the model clock: a core's own, guest instructions of the slice under way included; and for devices, that of
// the core that is executing.

import { cycles, type Cycles, type Ticks } from "../address.ts";
import { cyclesToTicks, type Clock } from "../clock.ts";
import { HART } from "../layout.ts";
import type { CoreTiming } from "./core-timing.ts";

const FUEL = HART.fuel >> 2;
const SLICE = HART.slice >> 2;

export class CoreClock implements Clock {
  readonly #timing: CoreTiming;
  readonly #block: Int32Array;

  /** `block`: the words of the hart's block. */
  constructor(timing: CoreTiming, block: Int32Array) {
    this.#timing = timing;
    this.#block = block;
  }

  time(): Ticks {
    return cyclesToTicks(this.now());
  }

  now(): Cycles {
    return cycles(this.#timing.now + this.#block[SLICE] - this.#block[FUEL]);
  }
}

export class ExecutingClock implements Clock {
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  follow(clock: Clock): void {
    this.#clock = clock;
  }

  time(): Ticks {
    return this.#clock.time();
  }

  now(): Cycles {
    return this.#clock.now();
  }
}
