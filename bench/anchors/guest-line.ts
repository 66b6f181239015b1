// The line a guest prints when it has done the units it was asked for.

import { TIMEBASE_HZ } from "../../engines/machine/layout.ts";

export interface GuestResult {
  readonly workload: string;
  /** Those that were timed: all, or with `warm=N` all after the first N. */
  readonly units: number;
  readonly digest: string;
  readonly seconds: number;
}

// Not at the start of a line: on a busy host, QEMU loses characters of its firmware's banner, line ends too.
const LINE = /tcbench: workload (\S+) units (\d+) digest (0x[0-9a-f]{16}) ticks (\d+)(?: timed (\d+))?\r?$/m;

/** Finds the line in a guest's console output. Throws with the guest's own last words when there is none. */
export function parseGuestOutput(output: string): GuestResult {
  const match = LINE.exec(output);
  if (match === null) {
    const last = output.trim().split("\n").at(-1) ?? "";
    throw new Error(`the guest did not report its result${last === "" ? "" : `; its last line: ${last}`}`);
  }
  const [, workload, units, digest, ticks, timed] = match;
  return { workload, units: Number(timed ?? units), digest, seconds: Number(ticks) / TIMEBASE_HZ };
}
