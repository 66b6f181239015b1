// A small driver of the machine's virtio devices, for tests: polls, and leaves every buffer to its caller.

import { physical, type PhysicalAddress } from "../../engines/machine/address.ts";
import type { Hart } from "../../engines/machine/hart/hart.ts";
import { VIRTIO_BASE, VIRTIO_STRIDE } from "../../engines/machine/layout.ts";
import type { WirePort } from "../../engines/machine/network/wire.ts";
import type { PhysicalMemory } from "../../engines/machine/memory.ts";
import { cycles } from "../../engines/machine/address.ts";
import { DESCRIPTOR_FLAG, REGISTER, STATUS, VERSION_1_HIGH } from "../../engines/virtio/numbers.ts";

export interface Buffer { readonly at: number; readonly bytes: number; readonly writes?: boolean }
export interface Used { readonly head: number; readonly bytes: number }

const DRIVING = STATUS.acknowledge | STATUS.driver;
export const LIVE = DRIVING | STATUS.featuresOk | STATUS.driverOk;

export class Driver {
  readonly #hart: Hart;
  readonly #slot: number;
  /** What the device sees at 0, in physical memory. */
  readonly #shift: number;

  constructor(hart: Hart, slot: number, shift = 0) {
    this.#hart = hart;
    this.#slot = slot;
    this.#shift = shift;
  }

  get(register: number, bytes = 4): number {
    return this.#hart.readDevice(physical(VIRTIO_BASE + this.#slot * VIRTIO_STRIDE + register), bytes);
  }

  set(register: number, value: number, bytes = 4): void {
    this.#hart.writeDevice(physical(VIRTIO_BASE + this.#slot * VIRTIO_STRIDE + register), value, bytes);
  }

  /** Up to FEATURES_OK; answers the status. */
  negotiate(features = 0, high = VERSION_1_HIGH): number {
    this.set(REGISTER.status, 0);
    this.set(REGISTER.status, DRIVING);
    for (const [word, value] of [features, high].entries()) {
      this.set(REGISTER.driverFeaturesSel, word);
      this.set(REGISTER.driverFeatures, value);
    }
    this.set(REGISTER.status, DRIVING | STATUS.featuresOk);
    return this.get(REGISTER.status);
  }

  /** Sets up queue `number` with its rings from `at` on, as the device sees it. */
  queue(number: number, size: number, at: number): DriverQueue {
    const queue = new DriverQueue(this, this.#hart, number, size, at, this.#shift);
    this.set(REGISTER.queueSel, number);
    this.set(REGISTER.queueNum, size);
    for (const [register, address] of [
      [REGISTER.queueDescLow, queue.descriptors], [REGISTER.queueDriverLow, queue.available], [REGISTER.queueDeviceLow, queue.used],
    ]) {
      this.set(register, address | 0);
      this.set(register + 4, Math.floor(address / 2 ** 32));
    }
    this.set(REGISTER.queueReady, 1);
    return queue;
  }

  start(): void {
    this.set(REGISTER.status, LIVE);
  }
}

export class DriverQueue {
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  readonly size: number;
  readonly #driver: Driver;
  readonly #hart: Hart;
  readonly #number: number;
  readonly #shift: number;
  #free = 0;
  #made = 0;
  #seen = 0;

  constructor(driver: Driver, hart: Hart, number: number, size: number, at: number, shift: number) {
    this.#driver = driver;
    this.#hart = hart;
    this.#number = number;
    this.#shift = shift;
    this.size = size;
    this.descriptors = at;
    this.available = at + 16 * size;
    this.used = Math.ceil((this.available + 6 + 2 * size) / 4) * 4;
  }

  address(at: number): PhysicalAddress {
    return physical(at + this.#shift);
  }

  write16(at: number, value: number): void {
    this.#hart.memory.storeByte(this.address(at), value & 0xff);
    this.#hart.memory.storeByte(this.address(at + 1), (value >> 8) & 0xff);
  }

  describe(index: number, buffer: Buffer, flags: number, next: number): void {
    const at = this.descriptors + 16 * index;
    const { memory } = this.#hart;
    memory.store(this.address(at), buffer.at | 0);
    memory.store(this.address(at + 4), Math.floor(buffer.at / 2 ** 32));
    memory.store(this.address(at + 8), buffer.bytes);
    memory.store(this.address(at + 12), flags | (next << 16));
  }

  /** Writes a chain into the next free descriptors, and makes it available. */
  add(...buffers: readonly Buffer[]): number {
    const head = this.#free;
    buffers.forEach((buffer, index) => {
      const last = index === buffers.length - 1;
      this.describe((head + index) % this.size, buffer,
        (buffer.writes === true ? DESCRIPTOR_FLAG.write : 0) | (last ? 0 : DESCRIPTOR_FLAG.next), last ? 0 : (head + index + 1) % this.size);
    });
    this.#free = (head + buffers.length) % this.size;
    this.offer(head);
    return head;
  }

  offer(head: number): void {
    this.write16(this.available + 4 + 2 * (this.#made % this.size), head);
    this.setIndex(this.#made + 1);
  }

  setIndex(index: number): void {
    this.#made = index;
    this.write16(this.available + 2, index);
  }

  suppressInterrupts(suppressed: boolean): void {
    this.write16(this.available, suppressed ? 1 : 0);
  }

  notify(): void {
    this.#driver.set(REGISTER.queueNotify, this.#number);
  }

  /** Flags of the used ring. */
  flags(): number {
    return this.#hart.memory.load(this.address(this.used)) & 0xffff;
  }

  /** What the device has used since last asked. */
  take(): Used[] {
    const { memory } = this.#hart;
    const index = memory.load(this.address(this.used)) >>> 16;
    const taken: Used[] = [];
    for (; this.#seen !== index; this.#seen = (this.#seen + 1) & 0xffff) {
      const entry = this.used + 4 + 8 * (this.#seen % this.size);
      taken.push({ head: memory.load(this.address(entry)), bytes: memory.load(this.address(entry + 4)) });
    }
    return taken;
  }
}

/** Two ports with a cable from one to the other. */
export function loopback(memory: () => PhysicalMemory): readonly WirePort[] & { readonly waiting: Uint8Array[][] } {
  const waiting: Uint8Array[][] = [[], []];
  const ports = waiting.map((frames, port): WirePort => ({
    nextArrival: () => cycles(frames.length === 0 ? Infinity : 0),
    receive(_now, target, capacity) {
      const frame = frames.shift();
      if (frame === undefined || frame.length > capacity) return 0;
      memory().u8.set(frame, target);
      return frame.length;
    },
    pass() {},
    transmit(_now, source, bytes) { waiting[1 - port].push(memory().u8.slice(source, source + bytes)); },
  }));
  return Object.assign(ports, { waiting });
}
