// The network device that a guest sees (VIRTIO 1.2, 5.1): its place on a segment of the virtual switch.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, unboxed } from "../state/words.ts";
import type { DeviceModel, DeviceWords, InterruptLine, Location } from "../virtio/device.ts";
import { locationAt, REFUSED } from "../virtio/device.ts";
import { DEVICE_ID } from "../virtio/numbers.ts";
import { type Queue, TAKEN } from "../virtio/queue.ts";
import { RECORD } from "../virtio/record.ts";
import { Transport } from "../virtio/transport.ts";
import { type GuestMemory, locationOf } from "./guest-memory.ts";

/** VIRTIO_NET_F_MAC and VIRTIO_NET_F_STATUS. */
const FEATURES = (1 << 5) | (1 << 16);
/** Offset of the status in its configuration, behind the MAC address, and its bit VIRTIO_NET_S_LINK_UP. */
const LINK_STATUS = 6;
const LINK_UP = 1;
const RECEIVE = 0;
const TRANSMIT = 1;
export const QUEUE_SIZE = 256;
/** struct virtio_net_hdr, with num_buffers. */
export const HEADER_BYTES = 12;
const NUM_BUFFERS = 10;
/** What takeFrame() finds. */
export const NO_FRAME = -1;
/** Ethernet, without its check sequence. */
export const SHORTEST_FRAME = 14;
export const LONGEST_FRAME = 1514;

export class VirtualNic implements DeviceModel, DeviceWords, InterruptLine {
  readonly deviceId = DEVICE_ID.net;
  readonly features = FEATURES;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE] as const;
  /** The guest's index and the slot at which it sees this. */
  readonly guest: number;
  readonly slot: number;
  readonly mac: readonly number[];
  readonly transport: Transport;
  /** Whether the interrupt line may have moved since somebody looked. */
  moved = false;
  /** Whether frames wait to be transmitted. */
  waiting = false;
  /** Whether its guest has said that it gave buffers. */
  refilled = false;
  /** See takeFrame(). */
  frame: Location = REFUSED;
  readonly #memory: GuestMemory;
  readonly #record: PhysicalAddress;

  constructor(guest: number, slot: number, mac: readonly number[], memory: GuestMemory, record: PhysicalAddress) {
    this.guest = guest;
    this.slot = slot;
    this.mac = mac;
    this.#memory = memory;
    this.#record = unboxed(record);
    this.transport = new Transport(this, memory, this, this);
  }

  /** At the start of a trap. */
  begin(): void {
    this.moved = false;
    this.waiting = false;
    this.refilled = false;
  }

  /** Before anything else is done here on this hart. */
  use(core: CoreMemory): void {
    this.#memory.core = core;
  }

  /**
   * Whether it interrupts its driver now. Other harts change that without the lock that whoever asks holds (its guest's),
   * but take that lock after it, and ask again: so the last to ask sees what it is.
   */
  interrupts(core: CoreMemory): boolean {
    return core.load(field(this.#record, RECORD.interruptStatus)) !== 0;
  }

  get transmitter(): Queue {
    return this.transport.queues[TRANSMIT];
  }

  /** Whether its guest's driver runs and has given a buffer for a frame. If not, it will notify when it does. */
  get canReceive(): boolean {
    return this.transport.isLive() && this.transport.queues[RECEIVE].hasAvailable();
  }

  configuration(offset: number): number {
    if (offset < this.mac.length) return this.mac[offset];
    return offset === LINK_STATUS ? LINK_UP : 0;
  }

  notified(queue: number): void {
    if (queue === TRANSMIT) this.waiting = true;
    else this.refilled = true;
  }

  set(): void {
    this.moved = true;
  }

  load(offset: number): number {
    return this.#memory.core.load(field(this.#record, offset));
  }

  store(offset: number, value: number): void {
    this.#memory.core.store(field(this.#record, offset), value);
  }

  /**
   * Takes the next frame that its guest has offered to transmit; its chain is then to be put back. Answers the frame's bytes, 0 for
   * one that is no frame of Ethernet, or NO_FRAME. `frame` is then where it lies, at `scratch` if it was not in one piece.
   */
  takeFrame(scratch: PhysicalAddress): number {
    const { transport, transmitter: queue } = this;
    if (!transport.isLive()) return NO_FRAME;
    const taken = queue.take();
    if (taken === TAKEN.nothing) return NO_FRAME;
    const { chain } = queue;
    if (taken === TAKEN.broken || chain.readableBytes < HEADER_BYTES || chain.writableBytes > 0) {
      transport.fail();
      return NO_FRAME;
    }
    const bytes = chain.readableBytes - HEADER_BYTES;
    if (bytes < SHORTEST_FRAME || bytes > LONGEST_FRAME) return 0;
    this.frame = this.#frameOf(scratch, bytes);
    return bytes;
  }

  /** Where the frame of the transmit chain lies, if in one piece; else it is gathered at `scratch`. */
  #frameOf(scratch: PhysicalAddress, bytes: number): Location {
    const { chain } = this.transmitter;
    if (chain.bytes(0) === chain.readableBytes) return locationAt(chain.at(0), HEADER_BYTES);
    if (chain.bytes(0) === HEADER_BYTES && chain.readable === 2) return chain.at(1);
    chain.gather(this.#memory, HEADER_BYTES, locationOf(scratch), bytes);
    return locationOf(scratch);
  }

  /** Puts a frame into the guest's next buffer; answers whether there was one. `header`: a header of zeros. */
  deliver(header: PhysicalAddress, frame: Location, bytes: number): boolean {
    const { transport } = this;
    const queue = transport.queues[RECEIVE];
    if (!transport.isLive()) return false;
    const taken = queue.take();
    if (taken === TAKEN.nothing) return false;
    const { chain } = queue;
    // Without mergeable buffers, each must hold the largest packet (5.1.6.3.1).
    if (taken === TAKEN.broken || chain.readableBytes > 0 || chain.writableBytes < HEADER_BYTES + bytes) {
      transport.fail();
      return false;
    }
    chain.scatter(this.#memory, 0, locationOf(header), HEADER_BYTES);
    chain.scatter(this.#memory, HEADER_BYTES, frame, bytes);
    queue.put(HEADER_BYTES + bytes);
    if (queue.publish()) transport.interrupt();
    return true;
  }
}

/** What writes num_buffers = 1 into a header of zeros. */
export function writeHeader(core: CoreMemory, header: PhysicalAddress): void {
  core.fill(header, 0, HEADER_BYTES);
  core.storeByte(field(header, NUM_BUFFERS), 1);
}
