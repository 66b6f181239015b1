// What the kernel has of a tap: the frames that wait for its VMM.

import type { PhysicalAddress } from "../../machine/address.ts";
import { field } from "../../state/words.ts";

/** Frames that one holds, as many as a port; what comes beyond is dropped. */
export const TAP_FRAMES = 64;
/** Lines enough for the longest frame. */
const FRAME_BYTES = 0x600;

export const TAP = {
  /** Which frame is the oldest, and how many there are. */
  first: 0x00,
  held: 0x04,
  /** Bytes of each. */
  lengths: 0x40,
  frames: 0x40 + 4 * TAP_FRAMES,
} as const;
export const TAP_BYTES = TAP.frames + TAP_FRAMES * FRAME_BYTES;

export function frameAt(tap: PhysicalAddress, index: number): PhysicalAddress {
  return field(tap, TAP.frames + index * FRAME_BYTES);
}
