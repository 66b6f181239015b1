// A hart on the model clock, as whoever executes the machine keeps it.

import type { HartId } from "../address.ts";
import type { HartState } from "../hart/state.ts";
import type { CoreTiming } from "./core-timing.ts";
import type { CoreClock } from "./model-clock.ts";
import type { Recording } from "./recording.ts";
import type { ExchangeWait } from "./waiters.ts";

/** What a hart is about: its engine handles a trap or has just been started, it waits for a word or to exchange one. */
export type Activity = "engine" | "guest" | "idle" | "word" | "exchange" | "halted";

export interface Slot {
  readonly id: HartId;
  readonly state: HartState;
  readonly block: Int32Array;
  readonly timing: CoreTiming;
  readonly recording: Recording;
  readonly clock: CoreClock;
  activity: Activity;
  /** The engine has started on this hart. */
  started: boolean;
  /** Cycles at which interrupts arrive that other harts have sent, in order. */
  readonly arriving: number[];
  exchange: ExchangeWait | undefined;
  /** Until when it idles. */
  until: number;
  /** When the slice under way is to end. */
  limit: number;
  guest: number;
}

/** When a hart acts next; Infinity: when another makes it. */
export function keyOf(slot: Slot): number {
  switch (slot.activity) {
    case "idle": return slot.until;
    case "word":
    case "halted": return Infinity;
    default: return slot.timing.now;
  }
}
