// The highest rate without loss, by binary search as in RFC 2544, section 26.1. What differs from the RFC: trials last
// a fraction of a second, not sixty, and a rate may be tried again, since a host that takes the CPU away for longer
// than the port's FIFO lasts costs frames that the measured system would not lose, and never saves one.

import { TRIAL } from "./rules-of-measuring.ts";

/** Frames lost in one trial of so many milliseconds at `rate`. */
export type Trial = (rate: number, milliseconds: number) => Promise<number>;

/** In frames per second; 0 when even the lowest step loses some. */
export async function searchZeroLoss(highest: number, trial: Trial): Promise<number> {
  const unit = highest / 2 ** TRIAL.steps;
  let passed = 0;
  for (let step = 2 ** (TRIAL.steps - 1); step >= 1; step /= 2) {
    if (await passes((passed + step) * unit, TRIAL.milliseconds, trial)) passed += step;
  }
  while (passed > 0 && !await passes(passed * unit, TRIAL.confirmation * TRIAL.milliseconds, trial)) passed--;
  return passed * unit;
}

async function passes(rate: number, milliseconds: number, trial: Trial): Promise<boolean> {
  for (let tried = 0; tried < TRIAL.tries; tried++) {
    if (await trial(rate, milliseconds) === 0) return true;
  }
  return false;
}
