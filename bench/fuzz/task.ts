// What goes to a thread that fuzzes, and what comes back.

import type { EngineName } from "../../engines/engine.ts";
import type { Operation } from "./operation.ts";

export interface FuzzCase {
  readonly engine: EngineName;
  readonly seed: number;
  /** Operations after which it ends. */
  readonly calls: number;
  /** Operations of each lane, instead of new ones. */
  readonly replay?: readonly (readonly Operation[])[];
}

export interface FuzzOutcome {
  readonly engine: EngineName;
  readonly seed: number;
  readonly setting: string;
  /** Operations after which it was to end, and those begun. */
  readonly calls: number;
  readonly done: number;
  /** What single operations came to, each different one once. */
  readonly signatures: readonly string[];
  /** Of each lane: only where it failed. */
  readonly operations: readonly (readonly Operation[])[];
  readonly failure?: string;
}
