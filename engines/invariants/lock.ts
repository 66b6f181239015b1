// Locks, when no hart is in the engine: free, and their counters agree.

import type { PhysicalAddress } from "../machine/address.ts";
import type { LockName } from "../locks/kinds.ts";
import { LOCK } from "../locks/record.ts";
import type { StateView } from "../report/state-view.ts";
import { NONE } from "../state/words.ts";
import { type Broken, isTime, isWithin } from "./words.ts";

export function* lockInvariants(view: StateView, name: string, lock: PhysicalAddress, kind: LockName, harts: number): Broken {
  const word = view.word(lock, LOCK.word);
  const free = kind === "ticket" ? view.word(lock, LOCK.serving) : NONE;
  if (word !== free) yield `the lock ${name} is held, and nobody is in the engine`;
  yield* isWithin(`the lock ${name}: who held it last`, view.word(lock, LOCK.lastHolder), 0, harts);
  const acquisitions = view.number(lock, LOCK.acquisitions);
  for (const [what, field] of COUNTERS) {
    const count = view.number(lock, field);
    if (!(count >= 0 && count <= acquisitions)) yield `the lock ${name}: ${count} ${what}, of ${acquisitions} acquisitions`;
  }
  for (const [what, field] of TIMES) yield* isTime(`the lock ${name}: ${what}`, view.number(lock, field));
}

const COUNTERS = [["were contended", LOCK.contended], ["were handovers", LOCK.handovers]] as const;
const TIMES = [
  ["how long it was waited for", LOCK.waiting], ["how long at the most", LOCK.waitingMax],
  ["how long it was held", LOCK.holding], ["how long at the most", LOCK.holdingMax],
] as const;
