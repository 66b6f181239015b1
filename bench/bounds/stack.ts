// How deep an engine's calls nest on the stack, seen from within the machine: at loads and stores of its state while it handles a trap.

import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";

/** Every so many accesses: no multiple of how many a trap makes. */
const STRIDE = 7;
/** Frames of an engine's in a stack trace, and the one that the machine calls. */
const ENGINE = /\/engines\/(?!machine\/)/;
const ENTRY = /\.trap \(/;

const PROBED = ["load", "store", "loadNumber", "storeNumber"] as const;

/** The most frames of an engine that are on the stack at once while `run` runs. */
export function deepestStack(run: () => void): number {
  const { stackTraceLimit } = Error;
  let deepest = 0;
  let accesses = 0;
  const look = (): void => {
    if (++accesses % STRIDE !== 0) return;
    const frames = new Error().stack?.split("\n").filter((line) => ENGINE.test(line)) ?? [];
    const entered = frames.findLastIndex((line) => ENTRY.test(line));
    if (entered + 1 > deepest) deepest = entered + 1;
  };
  const restore = PROBED.map((name) => probe(name, look));
  Error.stackTraceLimit = Infinity;
  try {
    run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    for (const undo of restore) undo();
  }
  return deepest;
}

function probe(name: (typeof PROBED)[number], look: () => void): () => void {
  const own = Object.getOwnPropertyDescriptor(CoreMemory.prototype, name);
  if (own === undefined) throw new Error(`the machine's memory has no ${name}`);
  const access = own.value as (this: CoreMemory, ...values: number[]) => number | undefined;
  Object.defineProperty(CoreMemory.prototype, name, {
    ...own,
    value(this: CoreMemory, ...values: number[]): number | undefined {
      look();
      return access.apply(this, values);
    },
  });
  return () => { Object.defineProperty(CoreMemory.prototype, name, own); };
}
