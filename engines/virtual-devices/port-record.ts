// What the switch has of one port: counters, and the queues and buffers through which it drives the port.

import type { PhysicalAddress } from "../machine/address.ts";
import { field } from "../state/words.ts";
import { AVAILABLE, AVAILABLE_ENTRY_BYTES, DESCRIPTOR_BYTES, USED, USED_ENTRY_BYTES } from "../virtio/numbers.ts";

/** Buffers, and size of the queue, in each direction. */
export const PORT_BUFFERS = 64;
/** A frame of Ethernet with the header that virtio puts before it, and to spare. */
export const BUFFER_BYTES = 2048;

export const PORT = {
  frames: 0x00, // number, as all counters
  copies: 0x08,
  bytesCopied: 0x10,
  dropped: 0x18,
  free: 0x20, // transmit buffers that are free: how many, then which
  regions: 0x200, // region table: what the port may reach
  header: 0x3c0, // what virtio puts before each frame received
  receiving: 0x400, // DRIVER_QUEUE
  transmitting: 0x1000, // DRIVER_QUEUE
  scratch: 0x1800, // a frame in one piece
  receiveBuffers: 0x2000,
  transmitBuffers: 0x2000 + PORT_BUFFERS * BUFFER_BYTES,
} as const;
export const PORT_BYTES = 0x2000 + 2 * PORT_BUFFERS * BUFFER_BYTES;

/** The driver's side of a queue: its rings, and what it has offered and seen, modulo 2^16. */
export const DRIVER_QUEUE = {
  offered: 0x000,
  seen: 0x004,
  available: 0x010,
  descriptors: 0x100,
  used: 0x100 + PORT_BUFFERS * DESCRIPTOR_BYTES,
} as const;
const AVAILABLE_BYTES = AVAILABLE.ring + PORT_BUFFERS * AVAILABLE_ENTRY_BYTES;
const DRIVER_QUEUE_BYTES = DRIVER_QUEUE.used + USED.ring + PORT_BUFFERS * USED_ENTRY_BYTES;
if (DRIVER_QUEUE.available + AVAILABLE_BYTES > DRIVER_QUEUE.descriptors || PORT.receiving + DRIVER_QUEUE_BYTES > PORT.transmitting
  || PORT.transmitting + DRIVER_QUEUE_BYTES > PORT.scratch) throw new Error("a port's queues overlap");

export function receiveBuffer(port: PhysicalAddress, index: number): PhysicalAddress {
  return field(port, PORT.receiveBuffers + index * BUFFER_BYTES);
}

export function transmitBuffer(port: PhysicalAddress, index: number): PhysicalAddress {
  return field(port, PORT.transmitBuffers + index * BUFFER_BYTES);
}
