// The registers of a virtio device over MMIO (4.2), version 2, in front of a device model.

import type { DeviceModel, DeviceWords, DriverMemory, InterruptLine } from "./device.ts";
import { INTERRUPT, MAGIC, REGISTER, STATUS, VENDOR, VERSION, VERSION_1_HIGH } from "./numbers.ts";
import { Queue } from "./queue.ts";
import { QUEUE, QUEUE_BYTES, RECORD } from "./record.ts";

const STATUS_BITS = STATUS.acknowledge | STATUS.driver | STATUS.driverOk | STATUS.featuresOk | STATUS.failed;
const INTERRUPT_BITS = INTERRUPT.used | INTERRUPT.configuration;
/** A device is live from DRIVER_OK on, as long as nobody has given it up. */
const LIVE_MASK = STATUS.driverOk | STATUS.featuresOk | STATUS.needsReset | STATUS.failed;
const LIVE = STATUS.driverOk | STATUS.featuresOk;

export class Transport {
  readonly queues: readonly Queue[];
  readonly #words: DeviceWords;
  readonly #line: InterruptLine;
  readonly #model: DeviceModel;

  constructor(words: DeviceWords, memory: DriverMemory, line: InterruptLine, model: DeviceModel) {
    this.#words = words;
    this.#line = line;
    this.#model = model;
    this.queues = model.queueSizes.map((maximum, index) => new Queue(words, memory, RECORD.queues + index * QUEUE_BYTES, maximum));
  }

  /** Whether the device may use its queues. */
  isLive(): boolean {
    return (this.#words.load(RECORD.status) & LIVE_MASK) === LIVE;
  }

  /** Tells the driver of used buffers. */
  interrupt(): void {
    this.#raise(INTERRUPT.used);
  }

  /** The driver broke the rules: the device does nothing more until it is reset (2.1.2). */
  fail(): void {
    const status = this.#words.load(RECORD.status);
    this.#words.store(RECORD.status, status | STATUS.needsReset);
    if ((status & STATUS.driverOk) !== 0) this.#raise(INTERRUPT.configuration);
  }

  /** Reads `bytes` (1, 2 or 4) at `offset`; registers answer only to whole words. */
  read(offset: number, bytes: number): number {
    if (offset >= REGISTER.config) return this.#configuration(offset - REGISTER.config, bytes);
    return bytes === 4 ? this.#register(offset) : 0;
  }

  /** Writes `bytes` (1, 2 or 4) at `offset`. No device here has configuration that its driver writes. */
  write(offset: number, bytes: number, value: number): void {
    if (bytes !== 4) return;
    const words = this.#words;
    switch (offset) {
      case REGISTER.deviceFeaturesSel: words.store(RECORD.deviceFeaturesSel, value); break;
      case REGISTER.driverFeaturesSel: words.store(RECORD.driverFeaturesSel, value); break;
      case REGISTER.driverFeatures: this.#setDriverFeatures(value); break;
      case REGISTER.queueSel: words.store(RECORD.queueSel, value); break;
      case REGISTER.queueNum: this.#setQueue(QUEUE.size, value); break;
      case REGISTER.queueReady: this.#setReady(value); break;
      case REGISTER.queueNotify:
        if (value >= 0 && value < this.queues.length && this.isLive()) this.#model.notified(value);
        break;
      case REGISTER.interruptAck: this.#acknowledge(value); break;
      case REGISTER.status: this.#setStatus(value); break;
      case REGISTER.queueDescLow: this.#setQueue(QUEUE.descriptors, value); break;
      case REGISTER.queueDescHigh: this.#setQueue(QUEUE.descriptors + 4, value); break;
      case REGISTER.queueDriverLow: this.#setQueue(QUEUE.available, value); break;
      case REGISTER.queueDriverHigh: this.#setQueue(QUEUE.available + 4, value); break;
      case REGISTER.queueDeviceLow: this.#setQueue(QUEUE.used, value); break;
      case REGISTER.queueDeviceHigh: this.#setQueue(QUEUE.used + 4, value); break;
      default: // read-only, or nothing
    }
  }

  #register(offset: number): number {
    const words = this.#words;
    switch (offset) {
      case REGISTER.magicValue: return MAGIC;
      case REGISTER.version: return VERSION;
      case REGISTER.deviceId: return this.#model.deviceId;
      case REGISTER.vendorId: return VENDOR;
      case REGISTER.deviceFeatures: return this.#offered(words.load(RECORD.deviceFeaturesSel));
      case REGISTER.queueNumMax: return this.#selected()?.maximum ?? 0;
      case REGISTER.queueReady: return this.#selected()?.isReady() === true ? 1 : 0;
      case REGISTER.interruptStatus: return words.load(RECORD.interruptStatus);
      case REGISTER.status: return words.load(RECORD.status);
      // A shared memory region that does not exist has length -1.
      case REGISTER.shmLenLow: case REGISTER.shmLenHigh: case REGISTER.shmBaseLow: case REGISTER.shmBaseHigh: return -1;
      default: return 0; // configuration never changes: its generation stays 0
    }
  }

  #configuration(offset: number, bytes: number): number {
    let value = 0;
    for (let byte = 0; byte < bytes; byte++) value |= this.#model.configuration(offset + byte) << (8 * byte);
    return value;
  }

  #offered(word: number): number {
    if (word === 0) return this.#model.features;
    return word === 1 ? VERSION_1_HIGH : 0;
  }

  #setDriverFeatures(value: number): void {
    const words = this.#words;
    const word = words.load(RECORD.driverFeaturesSel);
    if ((words.load(RECORD.status) & STATUS.featuresOk) !== 0 || (word !== 0 && word !== 1)) return;
    words.store(RECORD.driverFeatures + 4 * word, value);
  }

  #setStatus(value: number): void {
    if (value === 0) return this.#reset();
    const words = this.#words;
    let added = value & STATUS_BITS;
    // FEATURES_OK stays clear unless the driver took only what was offered, and VIRTIO_F_VERSION_1 of it (2.2, 6.1).
    if (!this.#acceptsFeatures()) added &= ~STATUS.featuresOk;
    words.store(RECORD.status, words.load(RECORD.status) | added);
  }

  #acceptsFeatures(): boolean {
    const words = this.#words;
    return (words.load(RECORD.driverFeatures) & ~this.#model.features) === 0 && words.load(RECORD.driverFeatures + 4) === VERSION_1_HIGH;
  }

  #reset(): void {
    for (let offset = 0; offset < RECORD.queues + this.queues.length * QUEUE_BYTES; offset += 4) this.#words.store(offset, 0);
    this.#line.set(false);
  }

  #setReady(value: number): void {
    const queue = this.#selected();
    if (queue === undefined) return;
    if ((value & 1) === 0) queue.disable();
    else if (!queue.isReady() && !queue.enable()) this.fail();
  }

  /** Writes a word of the selected queue, which must not be in use. */
  #setQueue(field: number, value: number): void {
    const queue = this.#selected();
    if (queue === undefined || queue.isReady()) return;
    this.#words.store(RECORD.queues + this.#words.load(RECORD.queueSel) * QUEUE_BYTES + field, value);
  }

  #selected(): Queue | undefined {
    const index = this.#words.load(RECORD.queueSel);
    return index >= 0 && index < this.queues.length ? this.queues[index] : undefined;
  }

  /** The line is high while InterruptStatus is not 0: only then does it move. */
  #raise(bits: number): void {
    const before = this.#words.load(RECORD.interruptStatus);
    this.#words.store(RECORD.interruptStatus, before | bits);
    if (before === 0) this.#line.set(true);
  }

  #acknowledge(value: number): void {
    const before = this.#words.load(RECORD.interruptStatus);
    const left = before & ~(value & INTERRUPT_BITS);
    if (left === before) return;
    this.#words.store(RECORD.interruptStatus, left);
    if (left === 0) this.#line.set(false);
  }
}
