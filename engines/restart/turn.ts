// The turn of a vCPU whose guest is being restored.

import type { Ticks } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { FENCE, fenceHere } from "../vcpu/fences.ts";

/** There is more to restore: after whatever interrupt comes first, the timer's at once. */
export function restLater(hart: Hart): void {
  hart.setTimer(hart.time());
  hart.idle();
}

/** The guest has been restored, with its code, and its first vCPU is on the hart. `event`: when the engine's timer is due. */
export function beginAnew(hart: Hart, event: Ticks): void {
  fenceHere(hart, FENCE.instructions);
  hart.setTimer(event);
}
