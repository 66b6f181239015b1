// The guests of the fault campaign: one that faults are injected into, and honest ones beside it on every hart.

import type { Guest, Layout } from "./workload.ts";

export const VICTIM = 0;
/** Digest of a unit of every guest: `steady` computes the same in each. */
export const STEADY_DIGEST = 0xa3ba_7f91_945c_0894n;
/** An image, its stack and a device tree: small, so that a machine is soon prepared. */
const MEMORY_BYTES = 0x4_0000;
const PAGE_BYTES = 0x1000;

/** On every hart one guest that computes without end, so that a hart which does nothing is lost, and one that sleeps after every unit. */
export function faultLayout(harts: number): Layout {
  const guest = (name: string, naps: number, hart: number): Guest => (
    { name, image: "steady", bootArguments: `naps=${naps}`, memoryBytes: MEMORY_BYTES, hart, counted: true });
  const guests = [
    { ...guest("victim", 4, 0), counted: false },
    ...Array.from({ length: harts }, (_, hart) => [guest(`busy-${hart}`, 0, hart), guest(`drowsy-${hart}`, 1, hart)]).flat(),
  ];
  return { guests, channels: guests.map(({ name }, index) => ({ name, ends: [index, index] as const, windowBytes: PAGE_BYTES })) };
}
