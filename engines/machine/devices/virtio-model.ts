// What the machine's virtio devices have in common: each is a model behind a transport.

import type { Cycles } from "../address.ts";
import type { DeviceModel } from "../../virtio/device.ts";
import type { Transport } from "../../virtio/transport.ts";

export interface HardwareModel extends DeviceModel {
  readonly transport: Transport;
  /** Does what has come due without its driver's asking. Answers whether anything had. Called only while it is live. */
  poll(now: Cycles): boolean;
  /** When poll() is next to be called: Infinity is never, what has passed is at once. */
  nextEvent(): number;
}
