// A network port (virtio-net, 5.1): a queue of empty buffers for what arrives, a queue of frames to send, and no offloads.

import type { Clock } from "../clock.ts";
import type { Cycles, HostOffset } from "../address.ts";
import { locationAt, type DeviceWords, type DriverMemory, type InterruptLine, type Location } from "../../virtio/device.ts";
import { DEVICE_ID } from "../../virtio/numbers.ts";
import { TAKEN, type Queue } from "../../virtio/queue.ts";
import { Transport } from "../../virtio/transport.ts";
import type { WirePort } from "../network/wire.ts";
import type { HardwareModel } from "./virtio-model.ts";

/** VIRTIO_NET_F_MAC, VIRTIO_NET_F_STATUS. */
const FEATURES = (1 << 5) | (1 << 16);
export const RECEIVE = 0;
export const TRANSMIT = 1;
const QUEUE_SIZE = 1024;
/** struct virtio_net_hdr, with num_buffers as VIRTIO_F_VERSION_1 has it. */
export const HEADER_BYTES = 12;
/** Byte offset of num_buffers, and the header's third word when that is 1. */
const NUM_BUFFERS = 10;
const ONE_BUFFER = 1 << 16;
/** Ethernet without FCS, with one VLAN tag. Longer frames do not leave the port. */
export const LONGEST_FRAME = 1518;
/** 52:54:00:74:63 and the port's number; then the link is up. */
const MAC = [0x52, 0x54, 0x00, 0x74, 0x63];
const LINK_UP = 1;

export class NetworkPort implements HardwareModel {
  readonly deviceId = DEVICE_ID.net;
  readonly features = FEATURES;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly transport: Transport;
  readonly #configuration: readonly number[];
  readonly #memory: DriverMemory;
  readonly #clock: Clock;
  readonly #wire: WirePort;
  /** Where frames are put together that lie scattered. */
  readonly #buffer: Location;
  readonly #receive: Queue;
  readonly #transmit: Queue;

  constructor(words: DeviceWords, memory: DriverMemory, line: InterruptLine, clock: Clock, wire: WirePort, number: number, buffer: HostOffset) {
    this.transport = new Transport(words, memory, line, this);
    this.#configuration = [...MAC, number, LINK_UP, 0];
    this.#memory = memory;
    this.#clock = clock;
    this.#wire = wire;
    this.#buffer = (buffer | 0) as Location;
    [this.#receive, this.#transmit] = this.transport.queues;
  }

  configuration(offset: number): number {
    return this.#configuration[offset] ?? 0;
  }

  notified(queue: number): void {
    const now = this.#clock.now();
    if (queue === RECEIVE) this.#takeArrivals(now);
    else this.#send(now);
  }

  poll(now: Cycles): boolean {
    const arrives = this.#wire.nextArrival() <= now;
    const sends = this.#transmit.hasAvailable();
    if (arrives) this.#takeArrivals(now);
    if (sends && this.transport.isLive()) this.#send(now);
    return arrives || sends;
  }

  /** Without a buffer nothing can arrive until the driver gives one, and says so. */
  nextEvent(): number {
    if (this.#transmit.hasAvailable()) return 0;
    return this.#receive.hasAvailable() ? this.#wire.nextArrival() : Infinity;
  }

  #takeArrivals(now: Cycles): void {
    const queue = this.#receive;
    let received = 0;
    let broken = false;
    // No more than a queue of them: a driver on another hart may give back buffers as fast as they are filled.
    while (received < QUEUE_SIZE && this.#wire.nextArrival() <= now) {
      const taken = queue.take();
      if (taken === TAKEN.nothing) {
        this.#wire.pass(now);
        break;
      }
      const bytes = taken === TAKEN.broken ? -1 : this.#fill(now);
      broken = bytes < 0;
      if (broken) break;
      if (bytes === 0) {
        queue.giveBack();
        break;
      }
      queue.put(HEADER_BYTES + bytes);
      received++;
    }
    if (received !== 0 && queue.publish()) this.transport.interrupt();
    if (broken) return this.transport.fail();
    // With buffers in hand there is no need to be told of more.
    queue.wantNotifications(!queue.hasAvailable());
  }

  /** Receives a frame into the chain taken. Answers its bytes: 0 if there was none, negative for a chain that will not do. */
  #fill(now: Cycles): number {
    const { chain } = this.#receive;
    const capacity = chain.writableBytes - HEADER_BYTES;
    if (chain.readable !== 0 || capacity <= 0) return -1;
    const first = chain.at(0);
    if (chain.buffers > 1 && (chain.buffers > 2 || chain.bytes(0) !== HEADER_BYTES)) return this.#fillScattered(now, capacity);
    const frame = chain.buffers === 1 ? locationAt(first, HEADER_BYTES) : chain.at(1);
    const bytes = this.#wire.receive(now, (frame >>> 0) as HostOffset, capacity);
    if (bytes !== 0) this.#writeHeader(first);
    return bytes;
  }

  #fillScattered(now: Cycles, capacity: number): number {
    const frame = locationAt(this.#buffer, HEADER_BYTES);
    const bytes = this.#wire.receive(now, (frame >>> 0) as HostOffset, Math.min(capacity, LONGEST_FRAME));
    if (bytes === 0) return 0;
    this.#writeHeader(this.#buffer);
    this.#receive.chain.scatter(this.#memory, 0, this.#buffer, HEADER_BYTES + bytes);
    return bytes;
  }

  /** No offloads: everything zero but num_buffers. */
  #writeHeader(at: Location): void {
    const memory = this.#memory;
    if ((at & 1) !== 0) {
      for (let byte = 0; byte < HEADER_BYTES; byte++) memory.storeByte(locationAt(at, byte), byte === NUM_BUFFERS ? 1 : 0);
    } else if ((at & 2) === 0) {
      memory.store(at, 0);
      memory.store(locationAt(at, 4), 0);
      memory.store(locationAt(at, 8), ONE_BUFFER);
    } else { // as where the IP headers are to be aligned
      memory.storeByte(at, 0);
      memory.storeByte(locationAt(at, 1), 0);
      memory.store(locationAt(at, 2), 0);
      memory.store(locationAt(at, 6), 0);
      memory.storeByte(locationAt(at, NUM_BUFFERS), 1);
      memory.storeByte(locationAt(at, NUM_BUFFERS + 1), 0);
    }
  }

  #send(now: Cycles): void {
    const queue = this.#transmit;
    let sent = 0;
    let broken = false;
    while (sent < QUEUE_SIZE) {
      const taken = queue.take();
      if (taken === TAKEN.nothing) break;
      broken = taken === TAKEN.broken || !this.#depart(now);
      if (broken) break;
      queue.put(0);
      sent++;
    }
    if (sent !== 0 && queue.publish()) this.transport.interrupt();
    if (broken) this.transport.fail();
  }

  #depart(now: Cycles): boolean {
    const { chain } = this.#transmit;
    const bytes = chain.readableBytes - HEADER_BYTES;
    if (chain.writableBytes !== 0 || bytes <= 0) return false;
    if (bytes > LONGEST_FRAME) return true;
    let source = this.#buffer;
    if (chain.buffers === 1) source = locationAt(chain.at(0), HEADER_BYTES);
    else if (chain.buffers === 2 && chain.bytes(0) === HEADER_BYTES) source = chain.at(1);
    else chain.gather(this.#memory, HEADER_BYTES, source, bytes);
    this.#wire.transmit(now, (source >>> 0) as HostOffset, bytes);
    return true;
  }
}
