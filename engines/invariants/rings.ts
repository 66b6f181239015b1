// The rings between hypervisors of several harts: what is in one is a doorbell of a guest of the hart that reads it.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { RING, RING_SLOTS } from "../channels/ring.ts";
import type { PlacedVm } from "../placement/placement.ts";
import type { StateView } from "../report/state-view.ts";
import { type Broken, isWithin } from "./words.ts";

/** `vmOf` and `idOf`: what a message says. `readers`: guests of the hart that reads the ring. */
export function* ringInvariants(
  view: StateView, name: string, ring: PhysicalAddress, readers: readonly PlacedVm[], vmOf: (message: number) => number, idOf: (message: number) => number,
): Broken {
  const tail = view.word(ring, RING.tail);
  const used = (view.word(ring, RING.head) - tail) | 0;
  yield* isWithin(`${name}: how much is in it`, used, 0, RING_SLOTS);
  for (let position = tail, left = Math.min(used, RING_SLOTS); left > 0; left--, position++) {
    const message = view.word(physical(ring + RING.slots + 4 * (position & (RING_SLOTS - 1))), 0);
    const reader = readers.find(({ index }) => index === vmOf(message));
    if (reader === undefined || message < 0 || idOf(message) >= reader.ends.length) yield `${name}: ${message} is in it, which is no doorbell of its reader's`;
  }
}
