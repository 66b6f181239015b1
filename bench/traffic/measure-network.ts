// After the windows of a case with traffic: latency under a load that loses nothing, and the highest rate without loss.

import type { MachineReading, Window } from "../machine-reading.ts";
import type { MachineSession } from "../session.ts";
import { median } from "../statistics.ts";
import type { CaseTraffic } from "./case-traffic.ts";
import { balance, forwardedBy, latencyBetween, type LoadFigures, type NetworkFigures } from "./network-figures.ts";
import { LATENCY_LOAD, TRIAL } from "./rules-of-measuring.ts";
import { searchZeroLoss } from "./search.ts";

const LOAD_WARM_UP_MS = 20;
const LOAD_MS = 200;

/** Reads the machine and throws a CaseFailure when something is wrong. */
type Check = () => MachineReading;

/** The windows' offered rate: for MachineSession.offer. */
export const offeredInWindows = ({ traffic }: CaseTraffic) => (traffic.rate === "max" ? "as-taken" : traffic.rate);

/** `before` and `after`: readings around `windows`. */
export async function measureNetwork(
  session: MachineSession, harts: number, caseTraffic: CaseTraffic, check: Check,
  { before, after, windows }: { readonly before: MachineReading; readonly after: MachineReading; readonly windows: readonly Window[] },
): Promise<NetworkFigures> {
  const { rate, ports } = caseTraffic.traffic;
  const milliseconds = windows.reduce((sum, window) => sum + window.duration, 0);
  const frames = forwardedBy(after.ports) - forwardedBy(before.ports);
  const figures = {
    offered: rate,
    copiesPerFrame: after.network === undefined || frames === 0 ? undefined : (after.network.copies - (before.network?.copies ?? 0)) / frames,
    deviceShare: (after.deviceTime - before.deviceTime) / (1e6 * milliseconds * harts),
  };
  await drain(session, check);
  if (rate !== "max") {
    const load = { rate, latency: latencyBetween(before.ports, after.ports), loss: lossOf(before, check()) };
    return { ...figures, load, zeroLossRate: undefined };
  }
  // As many frames more arrive as the filter drops.
  const arrivals = perForwarded(before, after) * median(windows.map((window) => (1000 * window.forwarded) / window.duration));
  const highest = arrivals / ports.length;
  const load = caseTraffic.latency ? await measureLoad(session, LATENCY_LOAD * highest, check) : undefined;
  if (!caseTraffic.search) return { ...figures, load, zeroLossRate: undefined };
  const zeroLossRate = await searchZeroLoss(highest, (offered, length) => lostInTrial(session, offered, length, check));
  return { ...figures, load, zeroLossRate: zeroLossRate === 0 ? undefined : zeroLossRate };
}

/** Frames that arrived for each of them that was to be forwarded. */
function perForwarded(before: MachineReading, after: MachineReading): number {
  const taken = (of: "taken" | "takenForward") => after.ports.reduce((sum, port, index) => sum + port[of] - before.ports[index][of], 0);
  return taken("taken") / Math.max(1, taken("takenForward"));
}

async function measureLoad(session: MachineSession, rate: number, check: Check): Promise<LoadFigures> {
  session.offer(rate);
  await session.run(LOAD_WARM_UP_MS);
  const before = check();
  await session.run(LOAD_MS);
  const after = check();
  await drain(session, check);
  return { rate, latency: latencyBetween(before.ports, after.ports), loss: lossOf(before, check()) };
}

async function lostInTrial(session: MachineSession, rate: number, milliseconds: number, check: Check): Promise<number> {
  const before = check();
  session.offer(rate);
  await session.run(milliseconds);
  await drain(session, check);
  const { arrived, forwarded } = balance(before.ports, check().ports);
  return Math.max(0, arrived - forwarded);
}

/** Nothing arrives any more, and what is under way departs: until nothing has for the time of a drain. */
async function drain(session: MachineSession, check: Check): Promise<void> {
  session.offer(0);
  for (let last = -1, forwarded = 0; forwarded !== last;) {
    last = forwarded;
    await session.run(TRIAL.drainMilliseconds);
    forwarded = forwardedBy(check().ports);
  }
}

/** From a reading on, over a time that ended with a drain. Frames under way at its beginning can hide as many lost. */
function lossOf(before: MachineReading, drained: MachineReading): number {
  const { arrived, forwarded } = balance(before.ports, drained.ports);
  return arrived === 0 ? 0 : Math.max(0, 1 - forwarded / arrived);
}
