// How long harts wait for each lock and hold it, from what the engine traces: seen from outside, at no cost to the run.

import type { PhysicalAddress } from "../address.ts";
import type { TraceEvent } from "../hart/hart.ts";
import { bucketOf, HISTOGRAM_BUCKETS } from "../network/latency.ts";

/** Cycles, counted in the buckets of bucketOf(). */
export interface Durations {
  readonly counts: Float64Array;
  sum: number;
  maximum: number;
}

export interface LockTimes {
  readonly lock: PhysicalAddress;
  readonly waiting: Durations;
  readonly holding: Durations;
}

const NOBODY = -1;

interface Watched extends LockTimes {
  holder: number;
  since: number;
}

export class LockWatch {
  /** In the order of their first acquisition. */
  readonly #locks = new Map<PhysicalAddress, Watched>();
  /** By core: the lock that it wants, and since when. */
  readonly #wanted: (PhysicalAddress | undefined)[] = [];
  readonly #since: number[] = [];

  trace(core: number, now: number, event: TraceEvent, lock: PhysicalAddress): void {
    if (event === "lock wanted") {
      this.#wanted[core] = lock;
      this.#since[core] = now;
      return;
    }
    const watched = this.#watched(lock);
    if (event === "lock acquired") {
      record(watched.waiting, now - this.#since[core]);
      this.#wanted[core] = undefined;
      watched.holder = core;
      watched.since = now;
    } else {
      record(watched.holding, now - watched.since);
      watched.holder = NOBODY;
    }
  }

  /** Everything since the machine started. */
  times(): readonly LockTimes[] {
    return [...this.#locks.values()];
  }

  /** What a core waits for, if it is a lock. */
  wait(core: number): string | undefined {
    const lock = this.#wanted[core];
    if (lock === undefined) return undefined;
    const holder = this.#locks.get(lock)?.holder ?? NOBODY;
    return `the lock at 0x${lock.toString(16)}, which ${holder === NOBODY ? "nobody" : `hart ${holder}`} holds`;
  }

  #watched(lock: PhysicalAddress): Watched {
    let watched = this.#locks.get(lock);
    if (watched === undefined) {
      watched = { lock, waiting: empty(), holding: empty(), holder: NOBODY, since: 0 };
      this.#locks.set(lock, watched);
    }
    return watched;
  }
}

function empty(): Durations {
  return { counts: new Float64Array(HISTOGRAM_BUCKETS), sum: 0, maximum: 0 };
}

function record(durations: Durations, cycles: number): void {
  durations.counts[bucketOf(cycles)]++;
  durations.sum += cycles;
  if (cycles > durations.maximum) durations.maximum = cycles;
}
