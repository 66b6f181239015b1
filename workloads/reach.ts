// The guests of the machine on which is tried what a guest can reach: one that tries, and honest ones beside it on every hart,
// the first of which has the disk.

import { COMPUTES } from "./attacks.ts";
import type { Guest, Layout } from "./workload.ts";

/** The guest that tries, and where in its units page it takes orders: workloads/guests/reach. */
export const REACHER = 0;
export const ORDERS = { at: 0x38, number: 0x00, done: 0x08, kind: 0x10, where: 0x18, value: 0x20 } as const;
/** What it can be told to do: stores, by their bytes, and writes of CSRs. */
export type Order = 1 | 4 | 8 | "csr";

const MEMORY_BYTES = 0x10_0000;

export function reachLayout(harts: number): Layout {
  const honest = Array.from({ length: harts }, (_, hart): Guest => (
    { name: `busy-${hart}`, image: COMPUTES, bootArguments: "lock=ticket think=20000", memoryBytes: MEMORY_BYTES, hart, counted: true }));
  return {
    guests: [{ name: "reacher", image: "reach", bootArguments: "", memoryBytes: MEMORY_BYTES, hart: 0, counted: false }, ...honest],
    channels: [], disk: 1,
  };
}
