// Executing a whole machine on the model clock: all harts on the calling thread, in the order of their cycles.

import type { Cycles } from "../address.ts";
import type { CoreFactory } from "../core.ts";
import type { EngineMode } from "../hart/state.ts";
import type { Upset } from "../hart/upset.ts";
import type { Software } from "../machine.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { WirePort } from "../network/wire.ts";
import type { CostModel } from "./cost-model.ts";
import type { LockTimes } from "./lock-times.ts";

export interface ModelDescription {
  /** Prepared by prepareMachine(). */
  readonly memory: PhysicalMemory;
  readonly harts: number;
  readonly mode: EngineMode;
  readonly software: Software;
  readonly core: CoreFactory;
  readonly costs: CostModel;
  /** Cycles that a guest may run ahead of the hart that comes next: by so much, at the most, others see too early what it
   *  stores, and it sees too late what they store and takes too late what they send it. An engine runs ahead only
   *  between two primitives that wait for their turn (core-timing.ts), within one trap at the most. */
  readonly lookahead: number;
  readonly wire?: readonly WirePort[];
}

/** How a run ended. */
export type ModelOutcome =
  /** Every hart that runs has come to the cycle asked for. */
  | { readonly kind: "reached" }
  /** Nothing will ever happen again: every hart waits for another or for an interrupt, and none is pending. `waits`: one
   *  line a hart, who waits for what. */
  | { readonly kind: "deadlock"; readonly waits: readonly string[] }
  /** The engine has halted every hart. */
  | { readonly kind: "halted" };

/** Cycles by what they went to, of one hart. But for `user` and `crossing`, which are parts of `engine`, they add up to the
 *  hart's clock. */
export interface HartCycles {
  readonly guest: number;
  readonly engine: number;
  /** In programs of the engine's in user mode; and from there to the engine's kernel and back. */
  readonly user: number;
  readonly crossing: number;
  /** For words that other harts write: locks above all. */
  readonly waiting: number;
  readonly idle: number;
}

export interface ModelMachine {
  /** Runs the engine's boot and start, then all harts up to cycle `until`; can be called again with a later one.
   *  Throws what the engine throws at boot. */
  run(until: Cycles): ModelOutcome;
  /** Whether no hart is in the engine, nor waits there for another. */
  atRest(): boolean;
  cycles(hart: number): HartCycles;
  /** How long harts have waited for locks and held them, since the machine started; by physical address of the lock. */
  lockTimes(): readonly LockTimes[];
  /** Flips a bit of the guest that a hart executes, between two runs; answers as upset(). */
  upset(hart: number, what: Upset): number;
}
