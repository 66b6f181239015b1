// What engines keep behind the firmware's memory, below the guests: the state of devices, then what restarts need.

import type { Configuration } from "../engine.ts";
import { deviceAreaBytes } from "../virtual-devices/layout.ts";
import type { Restarts } from "./restarts.ts";

export function engineAreaBytes(configuration: Configuration, restarts: Pick<Restarts, "bytes"> | undefined): number {
  return deviceAreaBytes(configuration) + (restarts?.bytes ?? 0);
}
