// A disk (virtio-blk, 5.2) in the hardware's memory: requests are done at once, in the order they are made.

import type { HostOffset } from "../address.ts";
import { locationAt, type DeviceWords, type DriverMemory, type InterruptLine, type Location } from "../../virtio/device.ts";
import { DEVICE_ID } from "../../virtio/numbers.ts";
import type { Queue } from "../../virtio/queue.ts";
import { Transport } from "../../virtio/transport.ts";
import { serveQueue } from "./serve-queue.ts";
import type { HardwareModel } from "./virtio-model.ts";

/** VIRTIO_BLK_F_SEG_MAX, VIRTIO_BLK_F_FLUSH; VIRTIO_BLK_F_RO. */
const FEATURES = (1 << 2) | (1 << 9);
const READ_ONLY = 1 << 5;
const QUEUE_SIZE = 256;
export const SECTOR_BYTES = 512;
/** seg_max in the configuration: what is left of a queue beside a request's header and status. */
const SEGMENTS = QUEUE_SIZE - 2;
const CONFIGURATION = { capacity: 0, segments: 12 } as const;

/** A request's header: type, reserved, sector (64 bits). */
const HEADER = { type: 0, sector: 8 } as const;
const HEADER_BYTES = 16;
const TYPE = { read: 0, write: 1, flush: 4, identify: 8 } as const;
const RESULT = { ok: 0, failed: 1, unsupported: 2 } as const;
const STATUS_BYTES = 1;
const IDENTIFIER = "tcbench";
const IDENTIFIER_BYTES = 20;
const HIGH_UNIT = 0x1_0000_0000;

export interface Media {
  readonly at: HostOffset;
  readonly sectors: number;
  readonly readOnly: boolean;
}

export class Disk implements HardwareModel {
  readonly deviceId = DEVICE_ID.block;
  readonly features: number;
  readonly queueSizes = [QUEUE_SIZE];
  readonly transport: Transport;
  readonly #memory: DriverMemory;
  readonly #media: Media;
  /** Room for a request's header, identifier and status. */
  readonly #buffer: Location;
  readonly #queue: Queue;

  constructor(words: DeviceWords, memory: DriverMemory, line: InterruptLine, media: Media, buffer: HostOffset) {
    this.features = FEATURES | (media.readOnly ? READ_ONLY : 0);
    this.transport = new Transport(words, memory, line, this);
    this.#memory = memory;
    this.#media = media;
    this.#buffer = (buffer | 0) as Location;
    [this.#queue] = this.transport.queues;
  }

  configuration(offset: number): number {
    if (offset >= CONFIGURATION.segments) return offset < CONFIGURATION.segments + 4 ? (SEGMENTS >> (8 * (offset - CONFIGURATION.segments))) & 0xff : 0;
    return offset < CONFIGURATION.capacity + 4 ? (this.#media.sectors >>> (8 * offset)) & 0xff : 0;
  }

  notified(): void {
    serveQueue(this.transport, this.#queue, this.#perform);
  }

  /** What a driver on another hart added beyond a queue's worth of requests. */
  poll(): boolean {
    if (!this.#queue.hasAvailable()) return false;
    this.notified();
    return true;
  }

  nextEvent(): number {
    return this.#queue.hasAvailable() ? 0 : Infinity;
  }

  /** Does the request in the chain taken. Answers the bytes written, or a negative number if it is none. */
  readonly #perform = (): number => {
    const memory = this.#memory;
    const buffer = this.#buffer;
    const { chain } = this.#queue;
    if (chain.readableBytes < HEADER_BYTES || chain.writableBytes < STATUS_BYTES) return -1;
    chain.gather(memory, 0, buffer, HEADER_BYTES);
    const type = memory.load(locationAt(buffer, HEADER.type));
    const sector = (memory.load(locationAt(buffer, HEADER.sector + 4)) >>> 0) * HIGH_UNIT + (memory.load(locationAt(buffer, HEADER.sector)) >>> 0);
    const room = chain.writableBytes - STATUS_BYTES;
    let result: number = RESULT.unsupported;
    let written = 0;
    if (type === TYPE.read) {
      result = this.#reaches(sector, room) ? RESULT.ok : RESULT.failed;
      if (result === RESULT.ok) chain.scatter(memory, 0, this.#locate(sector), room);
      written = result === RESULT.ok ? room : 0;
    } else if (type === TYPE.write) {
      const bytes = chain.readableBytes - HEADER_BYTES;
      result = !this.#media.readOnly && this.#reaches(sector, bytes) ? RESULT.ok : RESULT.failed;
      if (result === RESULT.ok) chain.gather(memory, HEADER_BYTES, this.#locate(sector), bytes);
    } else if (type === TYPE.flush) {
      result = RESULT.ok;
    } else if (type === TYPE.identify) {
      written = Math.min(room, IDENTIFIER_BYTES);
      for (let byte = 0; byte < written; byte++) memory.storeByte(locationAt(buffer, byte), byte < IDENTIFIER.length ? IDENTIFIER.charCodeAt(byte) : 0);
      chain.scatter(memory, 0, buffer, written);
      result = RESULT.ok;
    }
    memory.storeByte(buffer, result);
    chain.scatter(memory, room, buffer, STATUS_BYTES);
    // The used ring says how much was written from the start on: with the status, all of it.
    return written === room ? room + STATUS_BYTES : written;
  };

  #reaches(sector: number, bytes: number): boolean {
    return bytes % SECTOR_BYTES === 0 && sector + bytes / SECTOR_BYTES <= this.#media.sectors;
  }

  #locate(sector: number): Location {
    return ((this.#media.at + sector * SECTOR_BYTES) | 0) as Location;
  }
}
