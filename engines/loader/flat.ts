// A flat binary: the bytes as they lie in memory, from the first instruction on.

import { RAM_BASE } from "../machine/layout.ts";
import type { GuestImage } from "./guest-image.ts";
import { loaded, refuse, type Loaded } from "./result.ts";

/** Where firmware of 64-bit RISC-V boards puts what it starts, and so where flat binaries are linked (OpenSBI, FW_JUMP_ADDR). */
export const FLAT_ADDRESS = RAM_BASE + 0x20_0000;

export function parseFlat(file: Uint8Array): Loaded<GuestImage> {
  if (file.length === 0) return refuse("truncated", "the image is empty");
  return loaded(singleSegment(file, FLAT_ADDRESS, file.length, { relocatable: false, alignment: 1 }));
}

/** An image of one segment, which begins with its first instruction. */
export function singleSegment(
  file: Uint8Array, address: number, memoryBytes: number, { relocatable, alignment }: { readonly relocatable: boolean; readonly alignment: number },
): GuestImage {
  return {
    relocatable, alignment, entry: address, low: address, high: address + memoryBytes, file, floatingPoint: false,
    segments: [{ offset: 0, fileBytes: file.length, address, memoryBytes, alignment, executable: true, writable: true }],
    dynamic: { offset: 0, bytes: 0 },
  };
}
