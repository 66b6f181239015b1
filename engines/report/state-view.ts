// Reads engine state from outside: for whoever measures, never for an engine.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { hartBlock, type PhysicalMemory } from "../machine/memory.ts";

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

  /** The first word of [from, from + bytes) that is not zero. */
  firstWritten(from: PhysicalAddress, bytes: number): PhysicalAddress | undefined {
    const words = new Int32Array(this.#data.buffer, this.#memory.offset(from), bytes >> 2);
    for (let index = 0; index < words.length; index++) if (words[index] !== 0) return physical(from + 4 * index);
    return undefined;
  }

  /** Whether a pointer leads to `bytes` of RAM. */
  leads(address: PhysicalAddress, bytes: number): boolean {
    return address % 4 === 0 && this.#memory.contains(address, bytes);
  }

  /** Where the hardware has RAM. */
  hostOf(address: PhysicalAddress): number {
    return this.#memory.offset(address);
  }

  /** The registers of a hart, as HART lays them out. */
  hardware(hart: number): DataView {
    return new DataView(this.#data.buffer, hartBlock(hart));
  }

  #at(record: PhysicalAddress, offset: number): number {
    return this.#memory.offset(physical(record + offset));
  }
}
