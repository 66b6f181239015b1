// Reads engine state from outside: for whoever measures, never for an engine.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { PhysicalMemory } from "../machine/memory.ts";

export class StateView {
  readonly #memory: PhysicalMemory;
  readonly #data: DataView;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
    this.#data = new DataView(memory.wasm.buffer);
  }

  word(record: PhysicalAddress, offset: number): number {
    return this.#data.getInt32(this.#at(record, offset), true);
  }

  address(record: PhysicalAddress, offset: number): PhysicalAddress {
    return physical(this.#data.getUint32(this.#at(record, offset), true));
  }

  number(record: PhysicalAddress, offset: number): number {
    return this.#data.getFloat64(this.#at(record, offset), true);
  }

  integer64(record: PhysicalAddress, offset: number): bigint {
    return this.#data.getBigUint64(this.#at(record, offset), true);
  }

  #at(record: PhysicalAddress, offset: number): number {
    return this.#memory.offset(physical(record + offset));
  }
}
