// What a worker is given to execute one hart of a case: structured-cloneable.

import type { Configuration, EngineName, Options } from "../engines/engine.ts";
import type { MemoryHandle } from "../engines/machine/memory.ts";

export interface HartTask {
  readonly hart: number;
  readonly harts: number;
  readonly memory: MemoryHandle;
  readonly engine: EngineName;
  readonly options: Options;
  readonly configuration: Configuration;
  /** Whether the machine's device area holds a wire. */
  readonly wired: boolean;
  /** HartClocks in shared memory. */
  readonly clocks: SharedArrayBuffer;
}
