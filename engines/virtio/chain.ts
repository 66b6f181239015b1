// One descriptor chain, as its queue has read it: buffers that the device reads, then buffers that it writes.

import { locationAt, type DriverMemory, type Location } from "./device.ts";

export class Chain {
  /** Index of the first descriptor: what the used ring names. */
  head = 0;
  buffers = 0;
  /** How many of them, and of their bytes, the device reads; it writes the rest. */
  readable = 0;
  readableBytes = 0;
  writableBytes = 0;
  readonly #at: Int32Array;
  readonly #bytes: Int32Array;

  constructor(capacity: number) {
    this.#at = new Int32Array(capacity);
    this.#bytes = new Int32Array(capacity);
  }

  at(buffer: number): Location {
    return this.#at[buffer] as Location;
  }

  bytes(buffer: number): number {
    return this.#bytes[buffer];
  }

  begin(head: number): void {
    this.head = head;
    this.buffers = 0;
    this.readable = 0;
    this.readableBytes = 0;
    this.writableBytes = 0;
  }

  /** Appends a buffer. Answers false if it is out of order (2.7.4.2), or makes the chain longer than 2^31 - 1 bytes. */
  append(at: Location, bytes: number, writes: boolean): boolean {
    const buffer = this.buffers++;
    this.#at[buffer] = at;
    this.#bytes[buffer] = bytes;
    if (writes) {
      this.writableBytes += bytes;
    } else {
      if (this.readable !== buffer) return false;
      this.readable++;
      this.readableBytes += bytes;
    }
    return this.readableBytes + this.writableBytes <= 0x7fff_ffff;
  }

  /** Copies `bytes` from `offset` within the readable bytes to `target`. The caller has checked that there are so many. */
  gather(memory: DriverMemory, offset: number, target: Location, bytes: number): void {
    let skip = offset;
    let done = 0;
    for (let buffer = 0; done < bytes; buffer++) {
      const length = this.#bytes[buffer];
      if (skip < length) {
        const part = Math.min(length - skip, bytes - done);
        memory.copy(locationAt(target, done), locationAt(this.at(buffer), skip), part);
        done += part;
        skip = 0;
      } else {
        skip -= length;
      }
    }
  }

  /** Copies `bytes` from `source` to `offset` within the writable bytes. */
  scatter(memory: DriverMemory, offset: number, source: Location, bytes: number): void {
    let skip = offset;
    let done = 0;
    for (let buffer = this.readable; done < bytes; buffer++) {
      const length = this.#bytes[buffer];
      if (skip < length) {
        const part = Math.min(length - skip, bytes - done);
        memory.copy(locationAt(this.at(buffer), skip), locationAt(source, done), part);
        done += part;
        skip = 0;
      } else {
        skip -= length;
      }
    }
  }
}
