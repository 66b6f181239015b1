// What became of one fault.

import type { Fault } from "./draw.ts";

/** How far a fault got: no further than what it hit; into the guest that it hit; into another guest; into the engine. */
export type Reach = "masked" | "guest" | "others" | "engine";

/** Cycles from a guest's failure to its first instruction, and to its first unit of work. */
export interface Recovery {
  readonly instruction: number;
  readonly unit: number;
}

export interface Effect {
  readonly fault: Fault;
  readonly reach: Reach;
  /** What was seen of it there; empty where it was masked. */
  readonly effect: "" | "ended" | "restarted" | "hung" | "wrong" | "memory" | "hart" | "tables";
  /** Where the engine has started the guest again. */
  readonly recovery?: Recovery;
  /** What was flipped, when, and what was seen: for people. */
  readonly account: string;
}

export const isContained = ({ reach }: Effect): boolean => reach === "masked" || reach === "guest";
