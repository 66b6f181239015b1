// What source and sink of one port work on: views of shared memory, and the port's constants, read once.

import type { PhysicalMemory } from "../memory.ts";
import { frameWords, type FrameWords } from "./frame-words.ts";

/** One for each thread. */
export interface NetworkViews {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  /** For fields of frames, which lie at any alignment. */
  readonly bytes: DataView;
  readonly words: FrameWords;
}

export function networkViews(memory: PhysicalMemory): NetworkViews {
  return { i32: memory.i32, f64: new Float64Array(memory.wasm.buffer), u8: memory.u8, bytes: new DataView(memory.wasm.buffer), words: frameWords(memory) };
}
