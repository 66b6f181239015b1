// What the host allocates while an engine handles exits, by the function that asked for it: V8's sampling heap profiler, on the
// thread that executes the hart. An engine keeps all of its state in the machine's memory, so nothing may be kept here. What passes
// is numbers: V8 puts one that is no 31-bit integer into memory of its own wherever it does not inline a call.

import { type HeapProfiler, Session } from "node:inspector";
import type { Engine } from "../../engines/engine.ts";
import { hartId } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { command } from "../../engines/machine/control.ts";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { runHart } from "../../engines/machine/hart/run.ts";
import { Machine } from "../../engines/machine/machine.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import type { CaseMachine } from "../case-machine.ts";

/** Bytes from one sample to the next, on average: an object an exit is hundreds of samples in some hundred thousand exits. */
const INTERVAL_BYTES = 16_384;

export interface AllocationSpan {
  /** Exits before the host's compiler has done its work. */
  readonly warmUp: number;
  readonly exits: number;
  /** What a full collection at the end leaves, or also what was collected before. */
  readonly what: "kept" | "passing";
}

export interface AllocatingFunction {
  readonly name: string;
  /** Path from the root of the repository; what is the host's own has another. */
  readonly path: string;
  readonly bytes: number;
}

/** Runs the one hart of a machine on the calling thread; answers what was allocated in the span. */
export function measureAllocation({ memory }: CaseMachine, { mode }: Pick<EngineDescription, "mode">, engine: Engine, span: AllocationSpan, root: string): AllocatingFunction[] {
  const profiled = new ProfiledEngine(engine, span);
  const machine = new Machine({
    memory, clock: new WallClock(memory), mode, software: profiled, core: (...parts) => new Core(...parts), thread: 0, harts: [0], wire: [],
  });
  command(memory, "run");
  runHart(machine, hartId(0));
  return functionsOf(profiled.profile(), root);
}

/** An engine whose exits are counted, the heap being profiled from one to another. */
class ProfiledEngine implements Engine {
  readonly #engine: Engine;
  readonly #first: number;
  readonly #last: number;
  readonly #session = new Session();
  readonly #what: AllocationSpan["what"];
  #exits = 0;
  #profile: HeapProfiler.SamplingHeapProfile | undefined;

  constructor(engine: Engine, { warmUp, exits, what }: AllocationSpan) {
    this.#engine = engine;
    this.#first = warmUp;
    this.#last = warmUp + exits;
    this.#what = what;
    this.#session.connect();
  }

  boot(hart: Hart): void {
    this.#engine.boot(hart);
  }

  start(hart: Hart): void {
    this.#engine.start(hart);
  }

  trap(hart: Hart): void {
    this.#exits++;
    if (this.#exits === this.#first) this.#begin();
    this.#engine.trap(hart);
    if (this.#exits === this.#last) this.#end(hart);
  }

  profile(): HeapProfiler.SamplingHeapProfile {
    if (this.#profile === undefined) throw new Error(`the hart halted after ${this.#exits} of ${this.#last} exits`);
    return this.#profile;
  }

  #begin(): void {
    const collected = this.#what === "passing";
    if (!collected) this.#session.post("HeapProfiler.collectGarbage");
    this.#session.post("HeapProfiler.startSampling", {
      samplingInterval: INTERVAL_BYTES, includeObjectsCollectedByMajorGC: collected, includeObjectsCollectedByMinorGC: collected,
    });
  }

  #end(hart: Hart): void {
    if (this.#what === "kept") this.#session.post("HeapProfiler.collectGarbage");
    this.#session.post("HeapProfiler.stopSampling", (error, result) => {
      if (error !== null) throw error;
      this.#profile = result.profile;
    });
    this.#session.disconnect();
    hart.halt();
  }
}

/** Bytes that an engine's functions allocated, the machine's primitives apart. */
export function allocatedByEngine(functions: readonly AllocatingFunction[]): number {
  return functions.filter(({ path }) => path.startsWith("engines/") && !path.startsWith("engines/machine/")).reduce((sum, { bytes }) => sum + bytes, 0);
}

function functionsOf({ head }: HeapProfiler.SamplingHeapProfile, root: string): AllocatingFunction[] {
  const found = new Map<string, AllocatingFunction>();
  const pending = [head];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    pending.push(...node.children);
    if (node.selfSize === 0) continue;
    const { functionName: name, url } = node.callFrame;
    const path = url.includes(root) ? url.slice(url.indexOf(root) + root.length) : url;
    const key = `${path} ${name}`;
    found.set(key, { name, path, bytes: (found.get(key)?.bytes ?? 0) + node.selfSize });
  }
  return [...found.values()].toSorted((a, b) => b.bytes - a.bytes);
}
