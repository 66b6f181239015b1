// The two units of time: CPU time is charged in cycles, the hardware's timer takes ticks.

import { ticks, type Cycles, type Ticks } from "../machine/address.ts";
import { cyclesToTicks, ticksToCycles } from "../machine/clock.ts";

export { ticksToCycles } from "../machine/clock.ts";

/** The first tick that is not before `time`. */
export function firstTickAt(time: Cycles): Ticks {
  const tick = cyclesToTicks(time);
  return ticksToCycles(tick) < time ? ticks(tick + 1) : tick;
}
