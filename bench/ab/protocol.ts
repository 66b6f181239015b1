// What the process that compares says to one that runs a machine, and what that answers: a line of JSON each.

import type { EngineName } from "../../engines/engine.ts";

/** The first line. */
export interface SampleTask {
  readonly workload: string;
  readonly engine: EngineName;
  readonly harts: number;
  /** Of the engine and of the workload. */
  readonly settings: Readonly<Record<string, string>>;
  /** Run before the first window, for the translator and the host's compiler. */
  readonly warmUpMs: number;
  /** How long guests may take for their set-up. */
  readonly readyMs: number;
}

/** Every further line: run for so long. The end of the lines is the end of the machine. */
export type WindowMs = number;

export type SampleAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "window"; readonly window: SampleWindow }
  | { readonly kind: "failed"; readonly reason: string }
  /** The side has no such workload, engine or number of harts. */
  | { readonly kind: "absent" };

export interface SampleWindow {
  /** Units of work done by all guests that count. */
  readonly units: number;
  readonly milliseconds: number;
  /** CPU time that the harts' threads had over the time for which they wanted it; null where that cannot be told. */
  readonly cpuToWall: number | null;
}
