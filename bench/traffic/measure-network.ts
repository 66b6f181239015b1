// After the windows of a case with traffic: latency under a load that loses nothing, and the highest rate without loss.

import type { Offered } from "../../engines/machine/network/steering.ts";
import type { MachineReading, Window } from "../machine-reading.ts";
import { median } from "../statistics.ts";
import type { CaseTraffic } from "./case-traffic.ts";
import { balance, forwardedBy, latencyBetween, type LoadFigures, type NetworkFigures } from "./network-figures.ts";
import { LATENCY_LOAD, TRIAL } from "./rules-of-measuring.ts";
import { searchZeroLoss } from "./search.ts";

const LOAD_WARM_UP_MS = 20;
const LOAD_MS = 200;

/** A machine under traffic. */
export interface TrafficMachine {
  offer(offered: Offered): void;
  /** For so many milliseconds of its own time. */
  run(milliseconds: number): Promise<unknown>;
}

/** Reads the machine and throws a CaseFailure when something is wrong. */
type Check = () => MachineReading;

/** The windows' offered rate: for MachineSession.offer. */
export const offeredInWindows = ({ traffic }: CaseTraffic) => (traffic.rate === "max" ? "as-taken" : traffic.rate);

/** `before` and `after`: readings around `windows`, whose durations are milliseconds of the machine's time. Rates are for a second of it. */
export async function measureNetwork(
  machine: TrafficMachine, harts: number, caseTraffic: CaseTraffic, check: Check,
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
  await drain(machine, check);
  if (rate !== "max") {
    const load = { rate, latency: latencyBetween(before.ports, after.ports), loss: lossOf(before, check()) };
    return { ...figures, load, zeroLossRate: undefined };
  }
  // As many frames more arrive as the filter drops.
  const arrivals = perForwarded(before, after) * median(windows.map((window) => (1000 * window.forwarded) / window.duration));
  const highest = arrivals / ports.length;
  const load = caseTraffic.latency ? await measureLoad(machine, LATENCY_LOAD * highest, check) : undefined;
  if (!caseTraffic.search) return { ...figures, load, zeroLossRate: undefined };
  const zeroLossRate = await searchZeroLoss(highest, (offered, length) => lostInTrial(machine, offered, length, check));
  return { ...figures, load, zeroLossRate: zeroLossRate === 0 ? undefined : zeroLossRate };
}

/** Frames that arrived for each of them that was to be forwarded. */
function perForwarded(before: MachineReading, after: MachineReading): number {
  const taken = (of: "taken" | "takenForward") => after.ports.reduce((sum, port, index) => sum + port[of] - before.ports[index][of], 0);
  return taken("taken") / Math.max(1, taken("takenForward"));
}

async function measureLoad(machine: TrafficMachine, rate: number, check: Check): Promise<LoadFigures> {
  machine.offer(rate);
  await machine.run(LOAD_WARM_UP_MS);
  const before = check();
  await machine.run(LOAD_MS);
  const after = check();
  await drain(machine, check);
  return { rate, latency: latencyBetween(before.ports, after.ports), loss: lossOf(before, check()) };
}

async function lostInTrial(machine: TrafficMachine, rate: number, milliseconds: number, check: Check): Promise<number> {
  const before = check();
  machine.offer(rate);
  await machine.run(milliseconds);
  await drain(machine, check);
  const { arrived, forwarded } = balance(before.ports, check().ports);
  return Math.max(0, arrived - forwarded);
}

/** Nothing arrives any more, and what is under way departs: until nothing has for the time of a drain. */
async function drain(machine: TrafficMachine, check: Check): Promise<void> {
  machine.offer(0);
  for (let last = -1, forwarded = 0; forwarded !== last;) {
    last = forwarded;
    await machine.run(TRIAL.drainMilliseconds);
    forwarded = forwardedBy(check().ports);
  }
}

/** From a reading on, over a time that ended with a drain. Frames under way at its beginning can hide as many lost. */
function lossOf(before: MachineReading, drained: MachineReading): number {
  const { arrived, forwarded } = balance(before.ports, drained.ports);
  return arrived === 0 ? 0 : Math.max(0, 1 - forwarded / arrived);
}
