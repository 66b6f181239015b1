// What the virtual switch has counted, of all ports together.

import type { Configuration, NetworkReport } from "../engine.ts";
import type { Networking } from "../placement/devices.ts";
import { portAt } from "../virtual-devices/layout.ts";
import { PORT } from "../virtual-devices/port-record.ts";
import type { StateView } from "./state-view.ts";

/** Nothing where ports belong to guests, or there are none. */
export function reportNetwork(view: StateView, { nics = [] }: Configuration, networking: Networking): { readonly network?: NetworkReport } {
  if (networking === "passthrough" || nics.length === 0) return {};
  const ports = [...new Set(nics.map(({ port }) => port))].map(portAt);
  const sum = (counter: number): number => ports.reduce((total, port) => total + view.number(port, counter), 0);
  return {
    network: { frames: sum(PORT.frames), copies: sum(PORT.copies), bytesCopied: sum(PORT.bytesCopied), dropped: sum(PORT.dropped) },
  };
}
