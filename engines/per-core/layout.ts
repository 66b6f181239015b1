// One uniprocessor hypervisor's state after another, then the rings between them.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES, MAXIMUM_HARTS, RAM_BASE } from "../machine/layout.ts";
import { RING_BYTES } from "../channels/ring.ts";
import { STATE_BYTES } from "../uniprocessor/layout.ts";

const RINGS = RAM_BASE + MAXIMUM_HARTS * STATE_BYTES;
export const MAXIMUM_RINGS = Math.floor((RAM_BASE + FIRMWARE_BYTES - RINGS) / RING_BYTES);
if (MAXIMUM_RINGS < MAXIMUM_HARTS) throw new Error("the hypervisors outgrow the firmware's memory");

export function instanceState(hart: number): PhysicalAddress {
  return physical(RAM_BASE + hart * STATE_BYTES);
}

export function ringAt(index: number): PhysicalAddress {
  return physical(RINGS + index * RING_BYTES);
}
