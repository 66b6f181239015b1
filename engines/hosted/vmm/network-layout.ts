// Where a VMM that emulates network devices has what belongs to them.

import type { PhysicalAddress } from "../../machine/address.ts";
import { field } from "../../state/words.ts";
import { MAXIMUM_NICS, NIC_BYTES } from "../../virtual-devices/layout.ts";
import { LONGEST_FRAME } from "../../virtual-devices/nic.ts";

const LINE = 64;

export const NETWORK = {
  /** What virtio puts before each frame received. */
  header: 0x00,
  /** A frame on its way. */
  frame: LINE,
  nics: LINE + Math.ceil(LONGEST_FRAME / LINE) * LINE,
} as const;
export const NETWORK_BYTES = NETWORK.nics + MAXIMUM_NICS * NIC_BYTES;

/** The record of the device at `slot`. */
export function nicIn(network: PhysicalAddress, slot: number): PhysicalAddress {
  return field(network, NETWORK.nics + slot * NIC_BYTES);
}
