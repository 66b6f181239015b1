// What a workload is: data that says which guests run, with which boot arguments, and what one unit of
// their work is.

import type { Traffic } from "./network/traffic.ts";

/** Images in images/, without the extension. */
export type ImageName = "compute" | "hypercall" | "timer" | "channel" | "contend" | "legacy" | "ipi" | "smp-guest" | "paging" | "forward" | "pipeline" | "attack" | "steady" | "reader" | "fuzz" | "reach";

/** What a run may set. Values are text, as on a command line. */
export type Parameter =
  | { readonly kind: "choice"; readonly values: readonly string[]; readonly default: string; readonly summary: string }
  | { readonly kind: "number"; readonly minimum: number; readonly maximum: number; readonly words?: readonly string[]; readonly default: string; readonly summary: string };

export interface Guest {
  readonly name: string;
  readonly image: ImageName;
  readonly bootArguments: string;
  /** 1 unless said. */
  readonly vcpus?: number;
  /** GUEST_MEMORY_BYTES when absent. */
  readonly memoryBytes?: number;
  /** Where an engine that places guests at boot puts it. */
  readonly hart: number;
  /** Whether its units are the workload's. Every guest checks its own work; one end of a channel counts for both. */
  readonly counted: boolean;
}

export interface GuestChannel {
  readonly name: string;
  /** Positions in the list of guests; the same one twice is a loopback. */
  readonly ends: readonly [number, number];
  readonly windowBytes: number;
}

export interface GuestNic {
  readonly port: number;
  /** Position in the list of guests. */
  readonly owner: number;
}

export interface Layout {
  readonly guests: readonly Guest[];
  readonly channels: readonly GuestChannel[];
  /** In the order in which each owner sees its own. */
  readonly nics?: readonly GuestNic[];
  /** Position in the list of guests of who has the machine's disk. Absent: it has none. */
  readonly disk?: number;
  /** What arrives at the ports. With it, a unit is a frame forwarded, and results are checked where the frames depart. */
  readonly traffic?: Traffic;
}

export interface Workload {
  readonly name: string;
  readonly summary: string;
  /** What one unit of work is. */
  readonly unit: string;
  /** Digest of one unit, of every guest; 0 where the layout has traffic. */
  readonly unitDigest: bigint;
  /** What the values in the guests' histograms are (in cycles); undefined when they record none. */
  readonly histogram?: string;
  /** Runs on any SBI firmware: one guest of it needs neither a channel nor the vendor extension. */
  readonly standardInterface: boolean;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** The guests and channels on so many harts. `value` answers a parameter's setting or default. */
  layout(harts: number, value: (parameter: string) => string): Layout;
}
