// Where the state of devices lies: from the end of the firmware's memory on, below the guests. First what
// the switch has of each port, then a record of every guest's devices.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES, NETWORK_PORTS, RAM_BASE } from "../machine/layout.ts";
import type { Configuration } from "../engine.ts";
import { recordBytes } from "../virtio/record.ts";
import { PORT_BYTES } from "./port-record.ts";
import { PLIC_STATE_BYTES } from "./plic.ts";
import { SERIAL_STATE_BYTES } from "./serial.ts";

/** Network interfaces that one guest may have: its slots 0 to 3. */
export const MAXIMUM_NICS = 4;
/** Of a network device: to receive and to transmit. */
export const NIC_QUEUES = 2;

const LINE = 64;
const roundUp = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;
export const NIC_BYTES = roundUp(recordBytes(NIC_QUEUES));

const PLIC = 0;
const SERIAL = PLIC + PLIC_STATE_BYTES;
const NICS = SERIAL + roundUp(SERIAL_STATE_BYTES);
const GUEST_BYTES = NICS + MAXIMUM_NICS * NIC_BYTES;

export const DEVICE_AREA = physical(RAM_BASE + FIRMWARE_BYTES);
const GUESTS = NETWORK_PORTS * PORT_BYTES;

/** Bytes of the area; none where no guest has a device. */
export function deviceAreaBytes({ vms, nics = [], disk }: Configuration): number {
  if (nics.length === 0 && disk === undefined && !vms.some(({ serial }) => serial === true)) return 0;
  return GUESTS + vms.length * GUEST_BYTES;
}

export function portAt(port: number): PhysicalAddress {
  return physical(DEVICE_AREA + port * PORT_BYTES);
}

export function plicOf(guest: number): PhysicalAddress {
  return physical(DEVICE_AREA + GUESTS + guest * GUEST_BYTES + PLIC);
}

export function serialOf(guest: number): PhysicalAddress {
  return physical(plicOf(guest) + SERIAL);
}

export function nicOf(guest: number, slot: number): PhysicalAddress {
  return physical(plicOf(guest) + NICS + slot * NIC_BYTES);
}
