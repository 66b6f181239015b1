// Packets that one router forwards between two ports that are its own, on one hart.

import type { EngineName } from "../../engines/engine.ts";
import { type LatencySummary, summariseLatency } from "../histogram.ts";
import { measureCase, type Timing } from "../measure.ts";
import { MachineSession } from "../session.ts";
import { median } from "../statistics.ts";
import { anchorCase } from "./machine-run.ts";

const TIMING: Timing = { windowMs: 100, samples: 20, warmUpMs: 1_500, watchdogMs: 5_000 };

export interface Forwarding {
  /** Packets of 64 bytes a second, right ones: the median and the best of the windows. */
  readonly median: number;
  readonly best: number;
  /** From arrival to departure, under half of the load. */
  readonly latency: LatencySummary | undefined;
  readonly deviceShare: number;
}

export async function forwardingRate(engine: EngineName): Promise<Forwarding> {
  const benchCase = anchorCase("forward", engine, 1);
  const session = await MachineSession.start(benchCase);
  try {
    const { windows, network } = await measureCase(session, benchCase, TIMING, () => undefined);
    const rates = windows.map(({ forwarded, duration }) => (1000 * forwarded) / duration);
    return {
      median: median(rates), best: Math.max(...rates),
      latency: network?.load === undefined ? undefined : summariseLatency(network.load.latency),
      deviceShare: network?.deviceShare ?? 0,
    };
  } finally {
    await session.stop();
  }
}
