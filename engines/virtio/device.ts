// What a virtio device stands on: where its own state is kept, how it reaches its driver's memory, and its interrupt.
// The machine's hardware and the devices that an engine emulates implement these each in their way.

declare const kind: unique symbol;

/** Where a driver's bytes lie, as the implementation of DriverMemory names it. A signed 32-bit number. */
export type Location = number & { readonly [kind]: "location" };

/** The device may not reach what was asked for. */
export const REFUSED = 0 as Location;

export const locationAt = (location: Location, offset: number): Location => ((location + offset) | 0) as Location;

/** A device's own state: signed 32-bit words at byte offsets (RECORD). One thread at a time uses them. */
export interface DeviceWords {
  load(offset: number): number;
  store(offset: number, value: number): void;
}

/** The memory that a driver shares with its device. The driver may write it at any time. */
export interface DriverMemory {
  /** Where the `bytes` (1 to 2^31 - 1) at the driver's address `high:low` lie, all of them and next to one another, if
   *  the device may read them (or write them, with `writes`); else REFUSED. Aligned as the address is, up to 16. */
  resolve(low: number, high: number, bytes: number, writes: boolean): Location;
  /** Words are 4-byte aligned and signed. */
  load(at: Location): number;
  store(at: Location, value: number): void;
  /** Sequentially consistent. */
  atomicLoad(at: Location): number;
  atomicStore(at: Location, value: number): void;
  loadByte(at: Location): number;
  storeByte(at: Location, value: number): void;
  copy(target: Location, source: Location, bytes: number): void;
}

/** What tells one kind of device from another. */
export interface DeviceModel {
  readonly deviceId: number;
  /** Features 31:0 that it offers. Of those above, VIRTIO_F_VERSION_1 alone is offered. */
  readonly features: number;
  /** The largest size of each of its queues. */
  readonly queueSizes: readonly number[];
  /** Byte `offset` of its configuration, 0 beyond the end. */
  configuration(offset: number): number;
  /** The driver has made buffers available in queue `queue`. Called only while the device is live. */
  notified(queue: number): void;
}

/** The device's level-triggered interrupt. */
export interface InterruptLine {
  set(raised: boolean): void;
}
