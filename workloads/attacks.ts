// The attacks: what a hostile guest does on every hart, beside honest guests whose work is checked and timed.

import { createHash } from "node:crypto";
import type { Guest, GuestChannel, Layout } from "./workload.ts";

/** What a hostile guest is told the place of, as an insider knows it. */
export type Target = "secret" | "victim" | "run-queue" | "virtual-machines" | "locks";

/** What must not happen: memory read or changed, the engine's privileges used, or CPU time of others taken. */
export type Asset = "memory" | "privilege" | "cpu";

export interface Attack {
  readonly name: string;
  readonly summary: string;
  /** `attack` of the hostile guest's boot arguments. */
  readonly act: string;
  readonly asset: Asset;
  /** Whether a true peer of the engine, in S-mode without a second stage, gets through: if it does not, the engine is something else. */
  readonly peerGetsThrough: boolean;
  readonly target?: Target;
  /** On how many harts it is tried. */
  readonly harts: readonly number[];
  /** Of each hostile guest; 1 unless said. */
  readonly vcpus?: number;
  /** Whether each hostile guest has a channel to the computing guest of the next hart. */
  readonly channels?: boolean;
  /** Whether for each hart two honest guests ask and answer each other over a channel. */
  readonly pairs?: boolean;
}

const of = (act: string, asset: Asset, peerGetsThrough: boolean, summary: string, more: Partial<Attack> = {}): Attack => (
  { name: act, act, asset, peerGetsThrough, summary, harts: asset === "cpu" ? [1, 4, 16] : [1, 4], ...more });

export const ATTACKS: readonly Attack[] = [
  of("memory-read", "memory", true, "reads another guest's secret", { target: "secret" }),
  of("memory-write", "memory", true, "overwrites another guest's code and data", { target: "victim" }),
  of("memory-write", "memory", true, "overwrites the engine's run queue", { name: "memory-queue", target: "run-queue" }),
  of("memory-write", "memory", true, "overwrites the engine's records of virtual machines", { name: "memory-machines", target: "virtual-machines" }),
  of("memory-write", "memory", true, "overwrites the engine's lock words", { name: "memory-locks", target: "locks" }),
  of("privilege-csrs", "privilege", false, "reads and writes every register of the hypervisor and of M-mode"),
  of("privilege-code", "privilege", false, "executes instructions of the hypervisor and of M-mode", { target: "victim" }),
  of("privilege-timer", "privilege", true, "sets the timers of all harts to never"),
  of("privilege-mask", "privilege", false, "masks all interrupts, at the interrupt controller too, and spins"),
  of("privilege-halt", "privilege", false, "waits for an interrupt with all of them disabled"),
  of("schedule-spin", "cpu", false, "never yields"),
  of("schedule-evade", "cpu", false, "runs for nearly all of a tick and sleeps over its end"),
  of("schedule-boost", "cpu", false, "blocks and wakes, to be preferred as one that has just woken"),
  of("schedule-yield", "cpu", false, "yields at once, and comes back for what is left over"),
  of("storm-ipi", "cpu", false, "sends interrupts to all of its own harts without end", { vcpus: 2 }),
  of("storm-doorbell", "cpu", false, "rings another guest's doorbell without end", { channels: true }),
  of("storm-services", "cpu", false, "calls whatever takes a lock of the engine's", { channels: true }),
  of("flood-calls", "cpu", false, "calls the engine with every kind of wrong argument", { channels: true }),
  of("flood-console", "cpu", false, "fills the console"),
  of("flood-channels", "cpu", false, "rings channels that it has and has not", { channels: true }),
  of("storm-doorbell", "cpu", false, "rings a guest that never asks, beside guests that need their doorbells", { name: "flood-doorbells", channels: true, pairs: true, harts: [1, 4] }),
  of("flood-timers", "cpu", false, "sets timers that are due at once, soon and never"),
  of("fault-handler", "cpu", false, "faults in its trap handler, for ever"),
  of("fault-vector", "cpu", false, "has its trap handler where there is no memory"),
  of("fault-paged", "cpu", false, "has its trap handler where its page tables map nothing", { harts: [1] }),
];

/** What each hostile guest does instead where attacks are compared with a well-behaved neighbour. */
export const NEIGHBOUR = "none";

/** The honest guests: one that computes, in units much smaller than a window, and one that takes timer interrupts. */
export const COMPUTES = "smp-guest";
export const SLEEPS = "timer";
/** And where attacks are at channels, pairs of guests that ask and answer. */
export const ASKS = "channel-pingpong";
const COMPUTE_ARGUMENTS = "lock=ticket think=20000";
const TIMER_AHEAD_MICROSECONDS = 200;
const CHANNEL_BYTES = 0x1000;

/** The secret of the honest guest of this name. */
export const secretOf = (name: string): string => createHash("sha256").update(name).digest("hex").slice(0, 16);

/** The computing guest alone on one hart. */
export const ALONE: Layout = { guests: [{ name: "alone", image: COMPUTES, bootArguments: COMPUTE_ARGUMENTS, hart: 0, counted: true }], channels: [] };

/**
 * For each hart a hostile guest, then for each hart one that computes and one that takes timer interrupts, then if there are `pairs`
 * one that asks and one of the next hart that answers. `act`: what the hostile ones do.
 */
export function layoutOf({ vcpus = 1, channels = false, pairs = false }: Pick<Attack, "vcpus" | "channels" | "pairs">, act: string, harts: number): Layout {
  const each = <Item>(item: (hart: number) => Item): Item[] => Array.from({ length: harts }, (_, hart) => item(hart));
  const firstPair = 3 * harts;
  const pair = (name: string, hart: number): Guest => ({ name, image: "channel", bootArguments: "mode=pingpong", hart, counted: true });
  return {
    guests: [
      ...each((hart): Guest => ({ name: `hostile-${hart}`, image: "attack", bootArguments: `attack=${act}`, vcpus, hart, counted: false })),
      ...each((hart): Guest => ({
        name: `compute-${hart}`, image: COMPUTES, bootArguments: `${COMPUTE_ARGUMENTS} secret=${secretOf(`compute-${hart}`)}`, hart, counted: true,
      })),
      ...each((hart): Guest => ({ name: `timer-${hart}`, image: SLEEPS, bootArguments: `ahead=${TIMER_AHEAD_MICROSECONDS}`, hart, counted: true })),
      ...(pairs ? each((hart): Guest[] => [pair(`asks-${hart}`, hart), pair(`answers-${hart}`, (hart + 1) % harts)]).flat() : []),
    ],
    channels: [
      ...(channels ? each((hart): GuestChannel => ({ name: `prey-${hart}`, ends: [hart, harts + ((hart + 1) % harts)], windowBytes: CHANNEL_BYTES })) : []),
      ...(pairs ? each((hart): GuestChannel => ({ name: `pair-${hart}`, ends: [firstPair + 2 * hart, firstPair + 2 * hart + 1], windowBytes: CHANNEL_BYTES })) : []),
    ],
  };
}
