// The physical map's devices, and where each lies.

import { ACLINT_MSWI, UART_BASE } from "../layout.ts";

/** One access is a naturally sized read or write at a byte offset into the device. Both answer whether the device
 *  has such a register; if not, the access faults. */
export interface Device {
  /** What the last read() found. */
  readonly low: number;
  readonly high: number;
  read(offset: number, bytes: number): boolean;
  write(offset: number, bytes: number, low: number, high: number): boolean;
}

/** Numbers of the devices, as REGION.offset of a device region has them. */
export const DEVICE = { aclint: 0, uart: 1 } as const;

/** By number: what the device decodes in the physical map. */
export const DEVICE_WINDOWS = [
  { base: ACLINT_MSWI, bytes: 0x1_0000 },
  { base: UART_BASE, bytes: 0x100 },
] as const;
