// What the wire of a case is laid out with.

import type { Configuration } from "../../engines/engine.ts";
import type { TraceFrame, WireDescription } from "../../engines/machine/network/prepare.ts";
import { UsageError } from "../exit-code.ts";
import { neighbourMac } from "../../workloads/network/addresses.ts";
import type { Traffic } from "../../workloads/network/traffic.ts";
import type { CapturedFrame } from "./captured-frame.ts";
import type { Link } from "./frame.ts";
import { generateTrace } from "./generate.ts";
import { replayOf } from "./replay.ts";
import { FIFO_FRAMES } from "./rules-of-measuring.ts";

/** What arrives at a case's ports. */
export interface CaseTraffic {
  readonly traffic: Traffic;
  /** Frames of a capture that arrive instead of generated ones. */
  readonly captured: readonly CapturedFrame[] | undefined;
  /** Whether to keep the first frames that depart. */
  readonly log: boolean;
  /** Whether to measure latency under a load of its own. */
  readonly latency: boolean;
  /** Whether to search the highest rate without loss. */
  readonly search: boolean;
}

/** For each port. */
export const LOG_BYTES = 0x40_0000;

/** The last traces generated, with what they were generated from: cases of one workload have the same. */
const MOST_TRACES = 8;
const traces = new Map<string, readonly TraceFrame[]>();

/** Ethernet addresses of network ports begin so; the first guest that has an interface at a port has the port's. */
const MAC_PREFIX = [0x52, 0x54, 0x00, 0x74, 0x63] as const;

/** A port for every NIC, and its peer; traffic where the case has it. */
export function wireOf({ nics = [] }: Pick<Configuration, "nics">, caseTraffic: CaseTraffic | undefined): WireDescription {
  const last = Math.max(-1, ...nics.map(({ port }) => port), ...(caseTraffic?.traffic.ports ?? []));
  return {
    fifoFrames: FIFO_FRAMES,
    logBytes: caseTraffic?.log === true ? LOG_BYTES : 0,
    ports: Array.from({ length: last + 1 }, (_, port) => ({
      frames: caseTraffic?.traffic.ports.includes(port) === true ? framesFor(caseTraffic, port, linkOf(port)) : [],
      stamped: caseTraffic?.captured === undefined,
    })),
  };
}

/** Throws a UsageError where the guests would forward nothing of the capture that arrives, so that there is nothing to measure. */
export function checkCaptured({ traffic, captured }: CaseTraffic): void {
  if (captured === undefined || replayOf(captured, traffic, linkOf(traffic.ports[0])).some(({ forward }) => forward)) return;
  const { rules, allowUnmatched } = traffic.filter;
  const filter = `what the ${rules} rules of their filter ${allowUnmatched ? "do not deny" : "allow (unmatched=allow: what they do not deny)"}`;
  throw new UsageError(`--pcap: of its ${captured.length} frames the guests forward none: they forward IPv4 without options, in one piece, with hops left, and of that ${filter}`);
}

/** From the neighbour on the network at a port to whoever has the port. */
const linkOf = (port: number): Link => ({ destination: [...MAC_PREFIX, port], source: neighbourMac(port) });

function framesFor({ traffic, captured }: CaseTraffic, port: number, link: Link): readonly TraceFrame[] {
  if (captured !== undefined) return replayOf(captured, traffic, link);
  const { size, flows, zipf, filter, patterns } = traffic;
  const key = JSON.stringify([size, flows, zipf, filter, patterns, port, link]);
  const frames = traces.get(key) ?? generateTrace(traffic, port, link);
  if (traces.size >= MOST_TRACES) traces.clear();
  traces.set(key, frames);
  return frames;
}
