// The physical map's devices, and where each lies.

import {
  ACLINT_MSWI, PLIC_BASE, PLIC_BYTES, UART_BASE, VIRTIO_BASE, VIRTIO_SLOTS, VIRTIO_STRIDE,
} from "../layout.ts";

/** One access, by `hart`, is a naturally sized read or write at a byte offset into the device. Both answer whether the
 *  device has such a register; if not, the access faults. */
export interface Device {
  /** What the last read() found. */
  readonly low: number;
  readonly high: number;
  read(offset: number, bytes: number, hart: number): boolean;
  write(offset: number, bytes: number, low: number, high: number, hart: number): boolean;
}

/** Numbers of the devices, as REGION.offset of a device region has them; that of virtio slot k is `virtio` + k. */
export const DEVICE = { aclint: 0, uart: 1, plic: 2, virtio: 3 } as const;

/** By number: what the device decodes in the physical map. */
export const DEVICE_WINDOWS: readonly { readonly base: number; readonly bytes: number }[] = [
  { base: ACLINT_MSWI, bytes: 0x1_0000 },
  { base: UART_BASE, bytes: 0x100 },
  { base: PLIC_BASE, bytes: PLIC_BYTES },
  ...Array.from({ length: VIRTIO_SLOTS }, (_, slot) => ({ base: VIRTIO_BASE + slot * VIRTIO_STRIDE, bytes: VIRTIO_STRIDE })),
];
