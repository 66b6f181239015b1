// What the wire of a case is laid out with.

import type { Configuration } from "../../engines/engine.ts";
import type { TraceFrame, WireDescription } from "../../engines/machine/network/prepare.ts";
import type { Traffic } from "../../workloads/network/traffic.ts";
import { generateTrace } from "./generate.ts";
import { FIFO_FRAMES } from "./rules-of-measuring.ts";

/** What arrives at a case's ports. */
export interface CaseTraffic {
  readonly traffic: Traffic;
  /** Frames of a capture, instead of generated ones. */
  readonly replay: readonly TraceFrame[] | undefined;
  /** Whether to keep the first frames that depart. */
  readonly log: boolean;
  /** Whether to search the highest rate without loss. */
  readonly search: boolean;
}

/** For each port. */
export const LOG_BYTES = 0x40_0000;

/** The last traces generated, with what they were generated from: cases of one workload have the same. */
const traces = new Map<string, readonly TraceFrame[]>();

/** A port for every NIC, and its peer; traffic where the case has it. */
export function wireOf({ nics = [] }: Pick<Configuration, "nics">, caseTraffic: CaseTraffic | undefined): WireDescription {
  const last = Math.max(-1, ...nics.map(({ port }) => port), ...(caseTraffic?.traffic.ports ?? []));
  return {
    fifoFrames: FIFO_FRAMES,
    logBytes: caseTraffic?.log === true ? LOG_BYTES : 0,
    ports: Array.from({ length: last + 1 }, (_, port) => ({
      frames: caseTraffic?.traffic.ports.includes(port) === true ? framesFor(caseTraffic, port) : [],
      stamped: caseTraffic?.replay === undefined,
    })),
  };
}

function framesFor({ traffic, replay }: CaseTraffic, port: number): readonly TraceFrame[] {
  if (replay !== undefined) return replay;
  const { size, flows, zipf, rules } = traffic;
  const key = JSON.stringify([size, flows, zipf, rules, port]);
  const frames = traces.get(key) ?? generateTrace(traffic, port);
  if (traces.size >= 8) traces.clear();
  traces.set(key, frames);
  return frames;
}
