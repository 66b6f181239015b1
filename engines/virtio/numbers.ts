// Virtual I/O Device (VIRTIO) version 1.2, OASIS: the numbers of the MMIO transport (4.2) and of the split virtqueue (2.7).

/** Byte offsets of the registers (4.2.2), 32 bits each. */
export const REGISTER = {
  magicValue: 0x000, version: 0x004, deviceId: 0x008, vendorId: 0x00c,
  deviceFeatures: 0x010, deviceFeaturesSel: 0x014, driverFeatures: 0x020, driverFeaturesSel: 0x024,
  queueSel: 0x030, queueNumMax: 0x034, queueNum: 0x038, queueReady: 0x044, queueNotify: 0x050,
  interruptStatus: 0x060, interruptAck: 0x064, status: 0x070,
  queueDescLow: 0x080, queueDescHigh: 0x084, queueDriverLow: 0x090, queueDriverHigh: 0x094,
  queueDeviceLow: 0x0a0, queueDeviceHigh: 0x0a4,
  shmLenLow: 0x0b0, shmLenHigh: 0x0b4, shmBaseLow: 0x0b8, shmBaseHigh: 0x0bc,
  configGeneration: 0x0fc, config: 0x100,
} as const;
/** Bytes that a device decodes. */
export const WINDOW_BYTES = 0x1000;
/** "virt". */
export const MAGIC = 0x7472_6976;
export const VERSION = 2;
/** "tcbn". */
export const VENDOR = 0x6e62_6374;

export const DEVICE_ID = { none: 0, net: 1, block: 2, console: 3 } as const;

/** Device status (2.1). */
export const STATUS = {
  acknowledge: 1, driver: 2, driverOk: 4, featuresOk: 8, needsReset: 64, failed: 128,
} as const;

/** InterruptStatus: buffers were used; the configuration (or the need of a reset) changed. */
export const INTERRUPT = { used: 1, configuration: 2 } as const;

/** VIRTIO_F_VERSION_1 is bit 32: a bit of the high word. */
export const VERSION_1_HIGH = 1;

/** A descriptor (2.7.5): byte offsets, and flags. */
export const DESCRIPTOR = { address: 0, bytes: 8, flagsAndNext: 12 } as const;
export const DESCRIPTOR_BYTES = 16;
export const DESCRIPTOR_FLAG = { next: 1, write: 2, indirect: 4 } as const;

/** The driver's ring (2.7.6): flags, index and entries are 16 bits each. */
export const AVAILABLE = { flags: 0, index: 2, ring: 4 } as const;
export const AVAILABLE_ENTRY_BYTES = 2;
export const NO_INTERRUPT = 1;

/** The device's ring (2.7.8): 16 bits of flags and of index, then pairs of words: the chain's head, bytes written. */
export const USED = { flagsAndIndex: 0, ring: 4 } as const;
export const USED_ENTRY_BYTES = 8;
export const NO_NOTIFY = 1;
