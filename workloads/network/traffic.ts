// What traffic a networking workload is offered, as data: the frames are built by the harness.

import type { Parameter } from "../workload.ts";

export interface Traffic {
  /** Ports where frames arrive. They depart from each port's peer: 0 and 1 are a pair, 2 and 3 another. */
  readonly ports: readonly number[];
  /** Frame size in bytes, FCS included, or the mix. */
  readonly size: number | "imix";
  readonly flows: number;
  /** Exponent of the law of Zipf by which flows have frames. */
  readonly zipf: number;
  /** Frames per second at each port, or the next frame whenever the guest has a buffer for one. */
  readonly rate: number | "max";
  /** How many of the filter's rules the guest applies. */
  readonly rules: number;
  /** Whether some flows carry a pattern that the guests' inspection drops. */
  readonly patterns?: boolean;
}

const SIZES = ["64", "128", "256", "512", "1024", "1280", "1518", "imix"] as const;
const EXPONENTS = ["0", "0.5", "0.8", "0.9", "1", "1.1", "1.2", "1.5"] as const;
const HIGHEST_RATE = 100_000_000;

/** The parameters of workloads with traffic. Sizes are those of RFC 2544, section 9.1. */
export const TRAFFIC_PARAMETERS = {
  size: { kind: "choice", values: SIZES, default: "64", summary: "bytes of a frame with its FCS; imix: 64, 594 and 1518 as 7 to 4 to 1" },
  flows: { kind: "number", minimum: 1, maximum: 65_536, default: "1024", summary: "flows that the frames belong to" },
  zipf: { kind: "choice", values: EXPONENTS, default: "1", summary: "exponent of the law by which flows have frames; 0: all as many" },
  rate: { kind: "number", minimum: 1, maximum: HIGHEST_RATE, words: ["max"], default: "max", summary: "frames a second that arrive at each port; max: as fast as the guest takes them" },
} as const satisfies Readonly<Record<string, Parameter>>;

/** From the values of these parameters. */
export function trafficOf(value: (parameter: string) => string, ports: readonly number[], rules: number): Traffic {
  const size = value("size");
  const rate = value("rate");
  return {
    ports, rules,
    size: size === "imix" ? size : Number(size),
    flows: Number(value("flows")),
    zipf: Number(value("zipf")),
    rate: rate === "max" ? rate : Number(rate),
  };
}
