// An engine with a slowdown planted in it: beside what it does on a trap, it loads a word so many times. The loads are
// primitives of the machine like its own, charged by the model and executed by the host. No command line offers it.

import type { Configuration, Engine, EngineDescription, Options, Platform } from "../../engines/engine.ts";
import { physical } from "../../engines/machine/address.ts";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../../engines/machine/layout.ts";

/** A line for each hart at the end of the firmware's memory, which no engine's state reaches in the cases that are measured. */
const LINE_BYTES = 64;
const lineOf = (hart: number) => physical(RAM_BASE + FIRMWARE_BYTES - LINE_BYTES * (hart + 1));

/** `loads` for each trap, on average, so many `atOnce` on some of them; 0 is the same engine, as slow as watching makes it. */
export function planted({ mode, create }: Pick<EngineDescription, "mode" | "create">, loads: number, atOnce: number): Pick<EngineDescription, "mode" | "create"> {
  return { mode, create: (platform: Platform, configuration: Configuration, options: Options) => new PlantedEngine(create(platform, configuration, options), loads, atOnce) };
}

/** Parts of a burst: the count is of whole numbers for any rate, so that watching costs the same whatever is planted. */
const PARTS_SHIFT = 20;
const PARTS = 1 << PARTS_SHIFT;

class PlantedEngine implements Engine {
  readonly #engine: Engine;
  readonly #atOnce: number;
  /** Of a burst, for each trap. */
  readonly #parts: number;

  constructor(engine: Engine, loads: number, atOnce: number) {
    this.#engine = engine;
    this.#atOnce = atOnce;
    this.#parts = Math.round((loads / atOnce) * PARTS);
  }

  boot(hart: Hart): void {
    this.#engine.boot(hart);
  }

  start(hart: Hart): void {
    this.#engine.start(hart);
  }

  /** The count lies in the machine's memory: the model may have a hart do a trap again from its beginning. */
  trap(hart: Hart): void {
    const line = lineOf(hart.id);
    const parts = hart.memory.load(line) + this.#parts;
    hart.memory.store(line, parts & (PARTS - 1));
    for (let due = (parts >> PARTS_SHIFT) * this.#atOnce; due > 0; due--) hart.memory.atomicLoad(line);
    this.#engine.trap(hart);
  }
}
