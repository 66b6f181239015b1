// What traffic a networking workload is offered, as data: the frames are built by the harness.

import type { Parameter } from "../workload.ts";
import { RULE_COUNT } from "./rules.ts";

/** The packet filter that the guests apply. */
export interface Filter {
  /** How many of the rules, from the first one on. */
  readonly rules: number;
  /** Whether it lets through what matches none of them. */
  readonly allowUnmatched: boolean;
}

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
  readonly filter: Filter;
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

/** What the parameter `unmatched` says. */
export const UNMATCHED = { deny: "deny", allow: "allow" } as const;

/** The parameters of workloads with a packet filter. */
export const FILTER_PARAMETERS = {
  rules: { kind: "number", minimum: 1, maximum: RULE_COUNT, default: String(RULE_COUNT), summary: "rules of the filter, from the first one on" },
  unmatched: { kind: "choice", values: Object.values(UNMATCHED), default: UNMATCHED.deny, summary: "what the filter does with packets that match no rule; with --pcap it allows them unless told otherwise" },
} as const satisfies Readonly<Record<string, Parameter>>;

/** The words of a guest's boot arguments that say the same. */
export const filterWords = (value: (parameter: string) => string): string => `rules=${value("rules")} unmatched=${value("unmatched")}`;

/** From the values of all these parameters. */
export function trafficOf(value: (parameter: string) => string, ports: readonly number[]): Traffic {
  const size = value("size");
  const rate = value("rate");
  return {
    ports,
    filter: { rules: Number(value("rules")), allowUnmatched: value("unmatched") === UNMATCHED.allow },
    size: size === "imix" ? size : Number(size),
    flows: Number(value("flows")),
    zipf: Number(value("zipf")),
    rate: rate === "max" ? rate : Number(rate),
  };
}
