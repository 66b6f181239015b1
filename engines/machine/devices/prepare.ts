// Which devices a machine has, written into its memory before any thread makes its Machine.

import type { HostOffset } from "../address.ts";
import { BLOCK_SLOT, CONSOLE_SLOT, NETWORK_PORTS, SLOT } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { DEVICE_ID } from "../../virtio/numbers.ts";
import { SECTOR_BYTES } from "./disk.ts";
import { slotAt } from "./virtio-slot.ts";

export interface DeviceDescription {
  /** Network ports, from 0 on. */
  readonly ports: number;
  /** The disk is what lies at `at` in the device area: whole sectors. */
  readonly disk?: { readonly at: HostOffset; readonly bytes: number; readonly readOnly: boolean };
  /** Whether there is a virtio console beside the UART. */
  readonly console: boolean;
}

export const NO_DEVICES: DeviceDescription = { ports: 0, console: false };

export function prepareDevices(memory: PhysicalMemory, { ports, disk, console }: DeviceDescription): void {
  const { i32 } = memory;
  const set = (slot: number, field: number, value: number): void => { i32[(slotAt(slot) + field) >> 2] = value; };
  if (ports < 0 || ports > NETWORK_PORTS) throw new RangeError(`a machine has 0 to ${NETWORK_PORTS} network ports, not ${ports}`);
  for (let port = 0; port < ports; port++) set(port, SLOT.kind, DEVICE_ID.net);
  if (disk !== undefined) {
    const end = disk.at + disk.bytes;
    if (disk.bytes % SECTOR_BYTES !== 0 || disk.at < memory.deviceArea() || end > memory.ramOffset) throw new RangeError("the disk is not whole sectors of the device area");
    set(BLOCK_SLOT, SLOT.kind, DEVICE_ID.block);
    set(BLOCK_SLOT, SLOT.readOnly, disk.readOnly ? 1 : 0);
    set(BLOCK_SLOT, SLOT.media, disk.at);
    set(BLOCK_SLOT, SLOT.sectors, disk.bytes / SECTOR_BYTES);
  }
  if (console) set(CONSOLE_SLOT, SLOT.kind, DEVICE_ID.console);
}
