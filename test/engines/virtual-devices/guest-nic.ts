// A guest's driver of its emulated network device: every register access is an instruction that traps.

import { RAM_BASE, VIRTIO_BASE } from "../../../engines/machine/layout.ts";
import { DESCRIPTOR_BYTES, DESCRIPTOR_FLAG, REGISTER, STATUS, VERSION_1_HIGH } from "../../../engines/virtio/numbers.ts";
import { type Accessor, load } from "./accessor.ts";

export const QUEUE_SIZE = 8;
export const HEADER_BYTES = 12;
const BUFFER_BYTES = 2048;
const RINGS = 0x4000;
const BUFFERS = 0x1_0000;
const RECEIVE = 0;
const TRANSMIT = 1;

/** Offsets in guest RAM of a queue's parts. */
const descriptorsOf = (queue: number): number => RINGS + queue * 0x1000;
const availableOf = (queue: number): number => descriptorsOf(queue) + 0x400;
const usedOf = (queue: number): number => descriptorsOf(queue) + 0x800;
const bufferOf = (queue: number, index: number): number => BUFFERS + (queue * QUEUE_SIZE + index) * BUFFER_BYTES;

export class GuestNic {
  readonly accessor: Accessor;
  readonly id: number;
  readonly #settle: () => void;
  #sent = 0;
  #seen = 0;

  /** Of the guest on hart `id`, at its slot 0. `settle`: has whoever else works on its frames come to an end. */
  constructor(accessor: Accessor, id: number, settle: () => void) {
    this.accessor = accessor;
    this.id = id;
    this.#settle = settle;
  }

  get(register: number): number {
    this.#settle();
    return this.accessor.read(VIRTIO_BASE + register, this.id);
  }

  set(register: number, value: number): void {
    this.accessor.write(VIRTIO_BASE + register, value, this.id);
  }

  get ram(): DataView {
    const { memory } = this.accessor.bench;
    return new DataView(memory.wasm.buffer, this.accessor.ram(this.id));
  }

  mac(): number[] {
    return Array.from({ length: 6 }, (_, byte) => Number(this.accessor.execute(load("lbu"), VIRTIO_BASE + REGISTER.config + byte, 0n, 0, this.id)));
  }

  negotiate(): void {
    this.set(REGISTER.status, 0);
    this.set(REGISTER.status, STATUS.acknowledge | STATUS.driver);
    this.set(REGISTER.driverFeaturesSel, 1);
    this.set(REGISTER.driverFeatures, VERSION_1_HIGH);
    this.set(REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk);
  }

  start(): void {
    this.negotiate();
    this.#sent = 0;
    this.#seen = 0;
    for (const queue of [RECEIVE, TRANSMIT]) {
      for (let byte = 0; byte < 0x1000; byte++) this.ram.setUint8(descriptorsOf(queue) + byte, 0);
      this.setUpQueue(queue, QUEUE_SIZE, RAM_BASE + descriptorsOf(queue), RAM_BASE + availableOf(queue), RAM_BASE + usedOf(queue));
    }
    for (let index = 0; index < QUEUE_SIZE; index++) {
      this.describe(RECEIVE, index, RAM_BASE + bufferOf(RECEIVE, index), BUFFER_BYTES, DESCRIPTOR_FLAG.write, 0);
      this.ram.setUint16(availableOf(RECEIVE) + 4 + 2 * index, index, true);
    }
    this.ram.setUint16(availableOf(RECEIVE) + 2, QUEUE_SIZE, true);
    this.live();
  }

  live(): void {
    this.set(REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
  }

  setUpQueue(queue: number, size: number, descriptors: number, available: number, used: number): void {
    this.set(REGISTER.queueSel, queue);
    this.set(REGISTER.queueNum, size);
    for (const [register, address] of [[REGISTER.queueDescLow, descriptors], [REGISTER.queueDriverLow, available], [REGISTER.queueDeviceLow, used]]) {
      this.set(register, address | 0);
      this.set(register + 4, Math.floor(address / 2 ** 32) | 0);
    }
    this.set(REGISTER.queueReady, 1);
  }

  describe(queue: number, index: number, address: number, bytes: number, flags: number, next: number): void {
    const at = descriptorsOf(queue) + DESCRIPTOR_BYTES * index;
    this.ram.setBigUint64(at, BigInt.asUintN(64, BigInt(address)), true);
    this.ram.setUint32(at + 8, bytes, true);
    this.ram.setUint16(at + 12, flags, true);
    this.ram.setUint16(at + 14, next, true);
  }

  /** Offers descriptor `index` for transmission, and notifies. */
  offer(index: number): void {
    this.ram.setUint16(availableOf(TRANSMIT) + 4 + 2 * (this.#sent % QUEUE_SIZE), index, true);
    this.#sent++;
    this.ram.setUint16(availableOf(TRANSMIT) + 2, this.#sent, true);
    this.set(REGISTER.queueNotify, TRANSMIT);
  }

  /** Sends a frame whose pieces lie in buffers of these lengths, the first with the header alone or more. */
  send(frame: Uint8Array, pieces: readonly number[] = [HEADER_BYTES + frame.length]): void {
    const bytes = new Uint8Array(HEADER_BYTES + frame.length);
    bytes.set(frame, HEADER_BYTES);
    let done = 0;
    for (const [index, length] of pieces.entries()) {
      const at = bufferOf(TRANSMIT, index);
      for (let byte = 0; byte < length; byte++) this.ram.setUint8(at + byte, bytes[done + byte]);
      done += length;
      const last = index === pieces.length - 1;
      this.describe(TRANSMIT, index, RAM_BASE + at, length, last ? 0 : DESCRIPTOR_FLAG.next, index + 1);
    }
    this.offer(0);
  }

  /** Frames received since this was last asked; their buffers are not offered again. */
  received(): Buffer[] {
    this.#settle();
    const frames: Buffer[] = [];
    for (; this.#seen !== this.ram.getUint16(usedOf(RECEIVE) + 2, true); this.#seen++) {
      const entry = usedOf(RECEIVE) + 4 + 8 * (this.#seen % QUEUE_SIZE);
      const at = bufferOf(RECEIVE, this.ram.getUint32(entry, true));
      const length = this.ram.getUint32(entry + 4, true);
      frames.push(Buffer.from(Array.from({ length: length - HEADER_BYTES }, (_, byte) => this.ram.getUint8(at + HEADER_BYTES + byte))));
    }
    return frames;
  }

  /** Offers the next `count` receive buffers again, and notifies. */
  refill(count: number): void {
    const at = availableOf(RECEIVE) + 2;
    this.ram.setUint16(at, this.ram.getUint16(at, true) + count, true);
    this.set(REGISTER.queueNotify, RECEIVE);
  }

  get used(): number {
    return this.ram.getUint16(usedOf(TRANSMIT) + 2, true);
  }
}
