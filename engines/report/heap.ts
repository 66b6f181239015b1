// What has been taken of an engine's heap.

import type { HeapReport } from "../engine.ts";
import type { PhysicalAddress } from "../machine/address.ts";
import { HEAP, NODE_BYTES } from "../state/heap.ts";
import type { StateView } from "./state-view.ts";

export function reportHeap(view: StateView, heap: PhysicalAddress, nodes: number): HeapReport {
  return { size: nodes * NODE_BYTES, inUse: view.word(heap, HEAP.used) * NODE_BYTES, peak: view.word(heap, HEAP.peak) * NODE_BYTES, refused: view.word(heap, HEAP.refused) };
}
