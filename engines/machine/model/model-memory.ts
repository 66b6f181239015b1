// A core's loads, stores and atomic operations on the model clock: done once, recorded, and paid for.

import type { PhysicalAddress } from "../address.ts";
import { CoreMemory } from "../hart/core-memory.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { CoreTiming } from "./core-timing.ts";
import { type Recording, SUSPENSION } from "./recording.ts";

/** How a hart waits for another to write a word; the primitive then suspends its engine. (V8 never compiles a function that throws whenever it is called.) */
export interface Waiting {
  /** Until the word is `value`, or with `unless` until it is anything else. The primitive answers what it is then. */
  forWord(core: number, address: PhysicalAddress, value: number, unless: boolean): void;
  /** Until an exchange for `value` finds `wanted`. */
  forExchange(core: number, address: PhysicalAddress, value: number, wanted: number, longest: number): void;
  /** A word has been written by this core: whoever waits for it may go on. */
  written(core: number, address: PhysicalAddress): void;
}

export class ModelMemory extends CoreMemory {
  readonly #timing: CoreTiming;
  readonly #recording: Recording;
  readonly #waiting: Waiting;

  constructor(memory: PhysicalMemory, timing: CoreTiming, recording: Recording, waiting: Waiting) {
    super(memory);
    this.#timing = timing;
    this.#recording = recording;
    this.#waiting = waiting;
  }

  override load(address: PhysicalAddress): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.load(address);
    return recording.keep(address | 0, super.load(address));
  }

  override store(address: PhysicalAddress, value: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(address | 0);
    this.#timing.store(address);
    super.store(address, value);
    recording.keep(address | 0, 0);
    this.#waiting.written(this.#timing.core, address);
  }

  override loadNumber(address: PhysicalAddress): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.load(address);
    return recording.keep(address | 0, super.loadNumber(address));
  }

  override storeNumber(address: PhysicalAddress, value: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(address | 0);
    this.#timing.store(address);
    super.storeNumber(address, value);
    recording.keep(address | 0, 0);
  }

  override loadByte(address: PhysicalAddress): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.load(address);
    return recording.keep(address | 0, super.loadByte(address));
  }

  override storeByte(address: PhysicalAddress, value: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(address | 0);
    this.#timing.store(address);
    super.storeByte(address, value);
    recording.keep(address | 0, 0);
  }

  override atomicLoad(address: PhysicalAddress): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.loadInTurn(address);
    return recording.keep(address | 0, super.atomicLoad(address));
  }

  override atomicStore(address: PhysicalAddress, value: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(address | 0);
    this.#timing.storeInTurn(address);
    super.atomicStore(address, value);
    recording.keep(address | 0, 0);
    this.#waiting.written(this.#timing.core, address);
  }

  override add(address: PhysicalAddress, value: number): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.modifyInTurn(address);
    return this.#modified(address, super.add(address, value));
  }

  override exchange(address: PhysicalAddress, value: number): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.modifyInTurn(address);
    return this.#modified(address, super.exchange(address, value));
  }

  override compareExchange(address: PhysicalAddress, expected: number, value: number): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.modifyInTurn(address);
    return this.#modified(address, super.compareExchange(address, expected, value));
  }

  override and(address: PhysicalAddress, value: number): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.modifyInTurn(address);
    return this.#modified(address, super.and(address, value));
  }

  override or(address: PhysicalAddress, value: number): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.modifyInTurn(address);
    return this.#modified(address, super.or(address, value));
  }

  override awaitEqual(address: PhysicalAddress, value: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(address | 0);
    this.#timing.loadInTurn(address);
    if (super.atomicLoad(address) !== value) {
      this.#waiting.forWord(this.#timing.core, address, value, false);
      throw SUSPENSION;
    }
    recording.keep(address | 0, value);
  }

  override awaitOther(address: PhysicalAddress, value: number): number {
    const recording = this.#recording;
    if (recording.replaying) return recording.repeat(address | 0);
    this.#timing.loadInTurn(address);
    const found = super.atomicLoad(address);
    if (found === value) {
      this.#waiting.forWord(this.#timing.core, address, value, true);
      throw SUSPENSION;
    }
    return recording.keep(address | 0, found);
  }

  override awaitExchange(address: PhysicalAddress, value: number, wanted: number, longest: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(address | 0);
    this.#waiting.forExchange(this.#timing.core, address, value, wanted, longest);
    throw SUSPENSION;
  }

  override copy(target: PhysicalAddress, source: PhysicalAddress, bytes: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(target | 0);
    this.#timing.range(source, bytes, false);
    this.#timing.range(target, bytes, true);
    super.copy(target, source, bytes);
    recording.keep(target | 0, 0);
  }

  override fill(target: PhysicalAddress, value: number, bytes: number): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(target | 0);
    this.#timing.range(target, bytes, true);
    super.fill(target, value, bytes);
    recording.keep(target | 0, 0);
  }

  override write(target: PhysicalAddress, bytes: Uint8Array): void {
    const recording = this.#recording;
    if (recording.replaying) return void recording.repeat(target | 0);
    this.#timing.range(target, bytes.length, true);
    super.write(target, bytes);
    recording.keep(target | 0, 0);
  }

  /** A primitive's last steps: recorded, then seen by others. */
  #modified(address: PhysicalAddress, old: number): number {
    this.#recording.keep(address | 0, old);
    this.#waiting.written(this.#timing.core, address);
    return old;
  }
}
