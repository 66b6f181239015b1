// The state of one virtio device: byte offsets of its DeviceWords. All zero is a device after reset.

export const RECORD = {
  status: 0x00,
  interruptStatus: 0x04,
  deviceFeaturesSel: 0x08,
  driverFeaturesSel: 0x0c,
  driverFeatures: 0x10, // two words
  queueSel: 0x18,
  /** QUEUE records follow. */
  queues: 0x20,
} as const;

export const QUEUE = {
  size: 0x00,
  ready: 0x04,
  descriptors: 0x08, // two words each: addresses as the driver gave them
  available: 0x10,
  used: 0x18,
  /** Locations of the three, resolved when the queue was made ready. */
  descriptorsAt: 0x20,
  availableAt: 0x24,
  usedAt: 0x28,
  /** Chains taken, and chains put into the used ring, modulo 2^16. */
  taken: 0x2c,
  put: 0x30,
  /** What the flags of the used ring say. */
  flags: 0x34,
} as const;
export const QUEUE_BYTES = 0x40;

export function recordBytes(queues: number): number {
  return RECORD.queues + queues * QUEUE_BYTES;
}
