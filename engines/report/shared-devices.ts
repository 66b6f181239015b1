// What harts share of emulated devices, where any hart may run any guest.

import type { Configuration } from "../engine.ts";
import { hasDevices, type Networking, placeDevices } from "../placement/devices.ts";
import { NIC_QUEUES } from "../virtual-devices/layout.ts";
import { PLIC_STATE_BYTES } from "../virtual-devices/plic.ts";
import { PORT } from "../virtual-devices/port-record.ts";
import { SERIAL_STATE_BYTES } from "../virtual-devices/serial.ts";
import { recordBytes } from "../virtio/record.ts";

export interface SharedDevices {
  /** Guests that have devices, and ports that the engine drives: each with a lock of its own. */
  readonly guests: readonly number[];
  readonly ports: readonly number[];
  /** 32-bit words of their state. Frames on their way in a port's buffers are not counted. */
  readonly words: number;
}

export function sharedDevices(configuration: Configuration, networking: Networking): SharedDevices {
  const placed = configuration.vms.map((_, index) => placeDevices(configuration, index, "translated"));
  const guests = [...placed.keys()].filter((index) => hasDevices(placed[index]));
  const nics = networking === "switch" ? placed.flatMap((devices) => devices.nics) : [];
  const ports = [...new Set(nics.map(({ port }) => port))].sort((a, b) => a - b);
  const serials = placed.filter(({ serial }) => serial).length;
  const bytes = guests.length * PLIC_STATE_BYTES + serials * SERIAL_STATE_BYTES + nics.length * recordBytes(NIC_QUEUES) + ports.length * PORT.scratch;
  return { guests, ports, words: bytes / 4 };
}
