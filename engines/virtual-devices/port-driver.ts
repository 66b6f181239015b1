// The engine's own driver of a network port (VIRTIO 1.2, 3.1 and 5.1), its queues in engine memory. The
// hardware is trusted no further than its region table reaches.

import { guestPhysical, physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { writeSecondStage } from "../machine/hart/second-stage.ts";
import { RIGHT, VIRTIO_BASE, VIRTIO_STRIDE } from "../machine/layout.ts";
import { field, unboxed } from "../state/words.ts";
import {
  AVAILABLE, AVAILABLE_ENTRY_BYTES, DESCRIPTOR, DESCRIPTOR_BYTES, DESCRIPTOR_FLAG, INTERRUPT, NO_INTERRUPT, REGISTER, STATUS,
  USED, USED_ENTRY_BYTES, VERSION_1_HIGH,
} from "../virtio/numbers.ts";
import { BUFFER_BYTES, DRIVER_QUEUE, PORT, PORT_BUFFERS, PORT_BYTES, receiveBuffer, transmitBuffer } from "./port-record.ts";

/** No buffer. */
export const NO_BUFFER = -1;

const RECEIVE = 0;
const TRANSMIT = 1;
const INDEX_MASK = 0xffff;

export class PortDriver {
  readonly #record: PhysicalAddress;
  readonly #port: number;

  constructor(port: number, record: PhysicalAddress) {
    this.#port = port;
    this.#record = unboxed(record);
  }

  /** Once, at boot. */
  start(hart: Hart): void {
    const { memory } = hart;
    const record = field(this.#record, 0);
    const regions = field(record, PORT.regions);
    writeSecondStage(memory, regions, [
      { base: guestPhysical(record), bytes: PORT_BYTES, physical: record, rights: RIGHT.read | RIGHT.write },
    ]);
    hart.setDeviceRegions(this.#port, regions);
    this.#write(hart, REGISTER.status, 0);
    this.#write(hart, REGISTER.status, STATUS.acknowledge | STATUS.driver);
    this.#write(hart, REGISTER.driverFeaturesSel, 1);
    this.#write(hart, REGISTER.driverFeatures, VERSION_1_HIGH);
    this.#write(hart, REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk);
    this.#setUpQueue(hart, RECEIVE, field(record, PORT.receiving));
    this.#setUpQueue(hart, TRANSMIT, field(record, PORT.transmitting));
    for (let index = 0; index < PORT_BUFFERS; index++) {
      writeDescriptor(memory, this.#receiving, index, receiveBuffer(record, index), BUFFER_BYTES, DESCRIPTOR_FLAG.write);
      offer(memory, this.#receiving, index);
      memory.store(field(record, PORT.free + 4 + 4 * index), index);
    }
    memory.store(field(record, PORT.free), PORT_BUFFERS);
    // Buffers that have been transmitted are looked for when others are needed.
    memory.store(field(this.#transmitting, DRIVER_QUEUE.available), NO_INTERRUPT);
    this.#write(hart, REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
    this.#write(hart, REGISTER.queueNotify, RECEIVE);
  }

  /** The next buffer with a received frame, or NO_BUFFER; received() says how long it is. */
  nextReceived(memory: CoreMemory): number {
    const entry = nextUsed(memory, this.#receiving);
    if (entry === NO_BUFFER) return NO_BUFFER;
    const index = memory.load(field(this.#receiving, DRIVER_QUEUE.used + USED.ring + entry * USED_ENTRY_BYTES));
    return index >= 0 && index < PORT_BUFFERS ? index : NO_BUFFER;
  }

  /** Bytes in it, header included. */
  received(memory: CoreMemory): number {
    const entry = memory.load(field(this.#receiving, DRIVER_QUEUE.seen)) % PORT_BUFFERS;
    const bytes = memory.load(field(this.#receiving, DRIVER_QUEUE.used + USED.ring + entry * USED_ENTRY_BYTES + 4));
    return Math.min(Math.max(bytes, 0), BUFFER_BYTES);
  }

  /** Gives the buffer back to the port, which may look at it from notifyReceiver() on. */
  recycle(memory: CoreMemory, index: number): void {
    const seen = field(this.#receiving, DRIVER_QUEUE.seen);
    memory.store(seen, (memory.load(seen) + 1) & INDEX_MASK);
    offer(memory, this.#receiving, index);
  }

  /** A free buffer to transmit from, or NO_BUFFER. */
  takeTransmitBuffer(memory: CoreMemory): number {
    const free = field(this.#record, PORT.free);
    if (memory.load(free) === 0) this.#reclaim(memory);
    const count = memory.load(free);
    if (count === 0) return NO_BUFFER;
    memory.store(free, count - 1);
    return memory.load(field(free, 4 * count));
  }

  /** Offers a filled buffer; the port looks at it from notifyTransmitter() on. */
  transmit(memory: CoreMemory, index: number, bytes: number): void {
    writeDescriptor(memory, this.#transmitting, index, transmitBuffer(this.#record, index), bytes, 0);
    offer(memory, this.#transmitting, index);
  }

  notifyReceiver(hart: Hart): void {
    this.#write(hart, REGISTER.queueNotify, RECEIVE);
  }

  notifyTransmitter(hart: Hart): void {
    this.#write(hart, REGISTER.queueNotify, TRANSMIT);
  }

  acknowledge(hart: Hart): void {
    this.#write(hart, REGISTER.interruptAck, INTERRUPT.used | INTERRUPT.configuration);
  }

  get #receiving(): PhysicalAddress {
    return field(this.#record, PORT.receiving);
  }

  get #transmitting(): PhysicalAddress {
    return field(this.#record, PORT.transmitting);
  }

  /** Takes back the buffers that have been transmitted. */
  #reclaim(memory: CoreMemory): void {
    const queue = this.#transmitting;
    const free = field(this.#record, PORT.free);
    for (let entry = nextUsed(memory, queue); entry !== NO_BUFFER; entry = nextUsed(memory, queue)) {
      const index = memory.load(field(queue, DRIVER_QUEUE.used + USED.ring + entry * USED_ENTRY_BYTES));
      const count = memory.load(free);
      memory.store(field(queue, DRIVER_QUEUE.seen), (memory.load(field(queue, DRIVER_QUEUE.seen)) + 1) & INDEX_MASK);
      if (index < 0 || index >= PORT_BUFFERS || count === PORT_BUFFERS) continue;
      memory.store(free, count + 1);
      memory.store(field(free, 4 + 4 * count), index);
    }
  }

  #setUpQueue(hart: Hart, number: number, queue: PhysicalAddress): void {
    this.#write(hart, REGISTER.queueSel, number);
    this.#write(hart, REGISTER.queueNum, PORT_BUFFERS);
    this.#write(hart, REGISTER.queueDescLow, field(queue, DRIVER_QUEUE.descriptors));
    this.#write(hart, REGISTER.queueDescHigh, 0);
    this.#write(hart, REGISTER.queueDriverLow, field(queue, DRIVER_QUEUE.available));
    this.#write(hart, REGISTER.queueDriverHigh, 0);
    this.#write(hart, REGISTER.queueDeviceLow, field(queue, DRIVER_QUEUE.used));
    this.#write(hart, REGISTER.queueDeviceHigh, 0);
    this.#write(hart, REGISTER.queueReady, 1);
  }

  #write(hart: Hart, register: number, value: number): void {
    hart.writeDevice(physical(VIRTIO_BASE + this.#port * VIRTIO_STRIDE + register), value);
  }
}

/** Position in the used ring of the oldest entry not seen, or NO_BUFFER. */
function nextUsed(memory: CoreMemory, queue: PhysicalAddress): number {
  const seen = memory.load(field(queue, DRIVER_QUEUE.seen));
  const used = (memory.atomicLoad(field(queue, DRIVER_QUEUE.used + USED.flagsAndIndex)) >>> 16) & INDEX_MASK;
  return seen === used ? NO_BUFFER : seen % PORT_BUFFERS;
}

function writeDescriptor(memory: CoreMemory, queue: PhysicalAddress, index: number, at: PhysicalAddress, bytes: number, flags: number): void {
  const descriptor = field(queue, DRIVER_QUEUE.descriptors + index * DESCRIPTOR_BYTES);
  memory.store(field(descriptor, DESCRIPTOR.address), at);
  memory.store(field(descriptor, DESCRIPTOR.address + 4), 0);
  memory.store(field(descriptor, DESCRIPTOR.bytes), bytes);
  memory.store(field(descriptor, DESCRIPTOR.flagsAndNext), flags);
}

/** Makes descriptor `index` available. Ring entries and index are halves of words that only the driver writes. */
function offer(memory: CoreMemory, queue: PhysicalAddress, index: number): void {
  const offered = memory.load(field(queue, DRIVER_QUEUE.offered));
  const available = field(queue, DRIVER_QUEUE.available);
  const entry = AVAILABLE.ring + AVAILABLE_ENTRY_BYTES * (offered % PORT_BUFFERS);
  const word = field(available, entry & ~3);
  const shift = (entry & 2) << 3;
  memory.store(word, (memory.load(word) & ~(INDEX_MASK << shift)) | (index << shift));
  const next = (offered + 1) & INDEX_MASK;
  memory.store(field(queue, DRIVER_QUEUE.offered), next);
  memory.atomicStore(available, (memory.load(available) & INDEX_MASK) | (next << 16));
}
