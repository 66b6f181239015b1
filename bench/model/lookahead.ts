// How far guests may run ahead of each other on the model clock. Short turns cost the host time; what they buy depends on
// whether guests on several harts can affect each other other than through the engine, whose atomic stores keep to the order of cycles.

import type { Configuration } from "../../engines/engine.ts";

/** Cycles, where vCPUs share memory: a guest of several, or a channel. Streams through a ring ran as fast to within half a per
 *  cent with 25, and 5 % slower with 500. */
const SHARING = 200;
/** Where they share a wire only: more moves the frames that one of two harts finds at a port. */
const WIRED = 10_000;
/** Where they share nothing: only an interrupt that the engine sends a busy hart can come late. */
const APART = 50_000;

export function lookaheadOf({ vms, channels, nics = [] }: Pick<Configuration, "vms" | "channels" | "nics">): number {
  if (vms.some(({ vcpus }) => vcpus > 1) || channels.some(({ ends: [one, other] }) => one !== other)) return SHARING;
  return nics.length > 0 ? WIRED : APART;
}
