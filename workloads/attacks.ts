// The attacks: what a hostile guest does on every hart, beside honest guests whose work is checked and timed.

import { createHash } from "node:crypto";
import { PRIVILEGED, type ProcessAct } from "./host-programs.ts";
import type { Guest, GuestChannel, GuestNic, Layout } from "./workload.ts";

/** What a hostile guest is told the place of, as an insider knows it: of an honest guest, and all there are of the engine's. */
export type Target = "secret" | "code" | "memory" | "run-queue" | "virtual-machines" | "locks" | "vmms";

/** What must not happen: memory read or changed, the engine's privileges used, or CPU time of others taken. */
export type Asset = "memory" | "privilege" | "cpu";

/** Devices of hostile guests: the machine's disk or a network port, their own; or two interfaces each on a segment of the engine's switch. */
export type HostileDevices = "disk" | "port" | "switch";

export interface Attack {
  readonly name: string;
  readonly summary: string;
  /** `attack` of the hostile guest's boot arguments. */
  readonly act: string;
  readonly asset: Asset;
  /** Whether a true peer of the engine, in S-mode without a second stage, gets through: if it does not, the engine is something else. */
  readonly peerGetsThrough: boolean;
  /** Where the engine has none of them, there is nothing to attack. */
  readonly targets?: readonly Target[];
  /** On how many harts it is tried. */
  readonly harts: readonly number[];
  /** The same for engines that do not claim to keep shares, where it differs. */
  readonly peerHarts?: readonly number[];
  /** Of each hostile guest; 1 unless said. */
  readonly vcpus?: number;
  /** Whom each hostile guest has a channel to, on the next hart: the computing guest, or an honest reader of requests, which is then the victim. */
  readonly channels?: "computing" | "reader";
  /** Whether for each hart two honest guests ask and answer each other over a channel. */
  readonly pairs?: boolean;
  readonly devices?: HostileDevices;
  /** Instead of hostile guests, processes of the host's: for each hart, target and act one. An engine that is no host has none. */
  readonly processes?: readonly ProcessAct[];
}

const HARTS: Readonly<Record<Asset, readonly number[]>> = { memory: [1, 4], privilege: [1], cpu: [1, 4, 16] };

/** Storms and floods are at what an engine does for its guests: a peer, which reaches the engine itself, is tried at fewer. */
const AT_SERVICES = { peerHarts: [1, 4] } as const satisfies Partial<Attack>;

const of = (act: string, asset: Asset, peerGetsThrough: boolean, summary: string, more: Partial<Attack> = {}): Attack => (
  { name: act, act, asset, peerGetsThrough, summary, harts: HARTS[asset], ...more });

const TABLES = ["run-queue", "virtual-machines", "locks"] as const satisfies readonly Target[];
const EVERYTHING = ["secret", "code", ...TABLES] as const satisfies readonly Target[];

export const ATTACKS: readonly Attack[] = [
  of("memory-read", "memory", true, "reads another guest's secret", { targets: ["secret"] }),
  of("memory-write", "memory", true, "overwrites another guest's code and data", { targets: ["memory"] }),
  of("memory-write", "memory", true, "overwrites the engine's run queues", { name: "memory-queue", targets: ["run-queue"] }),
  of("memory-write", "memory", true, "overwrites the engine's records of virtual machines", { name: "memory-machines", targets: ["virtual-machines"] }),
  of("memory-write", "memory", true, "overwrites the engine's lock words", { name: "memory-locks", targets: ["locks"] }),
  of("dma-disk", "memory", true, "has a disk of its own read and write memory of others", { targets: EVERYTHING, harts: [1], devices: "disk" }),
  of("dma-port", "memory", true, "has a network port of its own send and receive to memory of others", { targets: EVERYTHING, harts: [1], devices: "port" }),
  of("dma-switch", "memory", true, "gives the engine's virtual switch queues that point to memory of others", { targets: EVERYTHING, devices: "switch" }),
  of("channel-reach", "memory", true, "sends requests that lie outside the channel's window, and reaches around it", { targets: ["secret"], channels: "reader" }),
  of("channel-change", "memory", false, "changes requests while they are read", { targets: ["secret"], channels: "reader" }),
  of("call-addresses", "memory", false, "calls the engine with addresses of others, and through page tables that lie there", { targets: EVERYTHING }),
  of("walk-tables", "memory", false, "changes page tables that the engine has to walk to emulate a device", { targets: EVERYTHING, harts: [1], devices: "port" }),
  of("privilege-csrs", "privilege", false, "reads and writes every register of the hypervisor and of M-mode"),
  of("privilege-code", "privilege", false, "executes instructions of the hypervisor and of M-mode", { targets: ["memory"] }),
  of("privilege-timer", "privilege", true, "sets the timers of all harts to never", { harts: [1, 4] }),
  of("privilege-mask", "privilege", false, "masks all interrupts, at the interrupt controller too, and spins"),
  of("privilege-halt", "privilege", false, "waits for an interrupt with all of them disabled", { harts: [1, 4] }),
  of("schedule-spin", "cpu", false, "never yields"),
  of("schedule-evade", "cpu", false, "runs for nearly all of a tick and sleeps over its end"),
  of("schedule-boost", "cpu", false, "blocks and wakes, to be preferred as one that has just woken"),
  of("schedule-yield", "cpu", false, "yields at once, and comes back for what is left over"),
  of("storm-ipi", "cpu", false, "sends interrupts to all of its own harts without end", { vcpus: 2, ...AT_SERVICES }),
  of("storm-doorbell", "cpu", false, "rings another guest's doorbell without end", { channels: "computing", ...AT_SERVICES }),
  of("storm-services", "cpu", false, "calls whatever takes a lock of the engine's", { channels: "computing", ...AT_SERVICES }),
  of("flood-calls", "cpu", false, "calls the engine with every kind of wrong argument", { channels: "computing", ...AT_SERVICES }),
  of("flood-console", "cpu", false, "fills the console", AT_SERVICES),
  of("flood-channels", "cpu", false, "rings channels that it has and has not", { channels: "computing", ...AT_SERVICES }),
  of("storm-doorbell", "cpu", false, "rings a guest that never asks, beside guests that need their doorbells", { name: "flood-doorbells", channels: "computing", pairs: true, harts: [1, 4] }),
  of("flood-timers", "cpu", false, "sets timers that are due at once, soon and never", AT_SERVICES),
  of("fault-handler", "cpu", false, "faults in its trap handler, for ever", { harts: [1, 4] }),
  of("fault-vector", "cpu", false, "has its trap handler where there is no memory", { harts: [1, 4] }),
  of("fault-paged", "cpu", false, "has its trap handler where its page tables map nothing", { harts: [1] }),
  of("host-memory", "memory", false, "as processes of the host, reads and overwrites kernel, VMMs and guests", { targets: [...EVERYTHING, "memory", "vmms"], processes: ["load", "store"] }),
  of("host-privilege", "privilege", false, "as processes of the host, executes the kernel's instructions and makes the calls of VMMs", { targets: ["secret"], processes: [...PRIVILEGED, "calls"] }),
  of("host-cpu", "cpu", false, "as processes of the host, never sleeps and floods the kernel with calls", { targets: ["secret"], processes: ["spin", "flood"], harts: [1, 4] }),
];

/** What each hostile guest does instead where attacks are compared with a well-behaved neighbour. */
export const NEIGHBOUR = "none";

/** The honest guests: one that computes, in units much smaller than a window, one that takes timer interrupts, and one that serves requests. */
export const COMPUTES = "smp-guest";
export const SLEEPS = "timer";
/** And where attacks are at channels: a guest that serves requests, and pairs of guests that ask and answer. */
const READS = "reader";
export const ASKS = "channel-pingpong";
const COMPUTE_ARGUMENTS = "lock=ticket think=20000";
const TIMER_AHEAD_MICROSECONDS = 200;
const PAIR_ARGUMENTS = "mode=pingpong";
const CHANNEL_BYTES = 0x1000;
/** workloads/guests/reader/requests.h. */
const READER_WINDOW_BYTES = 0x4000;
/** The machine's network ports. */
const PORTS = 4;

export type GuestKind = "compute" | "timer" | "reader" | "pair";

/** The secret of the honest guest of this name. */
export const secretOf = (name: string): string => createHash("sha256").update(name).digest("hex").slice(0, 16);

/** What kind of honest guest has this name. */
export function kindOf(name: string): GuestKind {
  const [kind] = name.split("-");
  return kind === "timer" || kind === "reader" ? kind : kind === "asks" || kind === "answers" ? "pair" : "compute";
}

/** The computing guest alone on one hart. */
export const ALONE: Layout = { guests: [{ name: "alone", image: COMPUTES, bootArguments: COMPUTE_ARGUMENTS, hart: 0, counted: true }], channels: [] };

/** What two attacks must have in common for their honest guests to be comparable. */
export type Surroundings = Pick<Attack, "vcpus" | "channels" | "pairs" | "devices" | "processes" | "targets">;

/** The honest guest that attacks are aimed at. */
export const victimOf = ({ channels }: Surroundings): string => (channels === "reader" ? "reader-0" : "compute-0");

/** For each hart a hostile guest, unless processes of the host's are hostile, then for each hart one of each kind that is honest; of a pair, one answers on the next hart. `act`: what
 *  the hostile ones do. */
export function layoutOf({ vcpus = 1, channels, pairs = false, devices, processes }: Surroundings, act: string, harts: number): Layout {
  const each = <Item>(item: (hart: number) => Item): Item[] => Array.from({ length: harts }, (_, hart) => item(hart));
  const honest = (name: string, image: Guest["image"], bootArguments: string, hart: number): Guest => (
    { name, image, bootArguments: `${bootArguments} secret=${secretOf(name)}`, hart, counted: true });
  const guests = [
    ...(processes === undefined ? each((hart): Guest => ({ name: `hostile-${hart}`, image: "attack", bootArguments: `attack=${act}`, vcpus, hart, counted: false })) : []),
    ...each((hart) => honest(`compute-${hart}`, COMPUTES, COMPUTE_ARGUMENTS, hart)),
    ...each((hart) => honest(`timer-${hart}`, SLEEPS, `ahead=${TIMER_AHEAD_MICROSECONDS}`, hart)),
    ...(channels === "reader" ? each((hart) => honest(`reader-${hart}`, READS, "", hart)) : []),
    ...(pairs ? each((hart) => [honest(`asks-${hart}`, "channel", PAIR_ARGUMENTS, hart), honest(`answers-${hart}`, "channel", PAIR_ARGUMENTS, (hart + 1) % harts)]).flat() : []),
  ];
  const channel = (name: string, one: string, other: string, windowBytes: number): GuestChannel => (
    { name, ends: [guests.findIndex((guest) => guest.name === one), guests.findIndex((guest) => guest.name === other)], windowBytes });
  const preys = channels === "reader" ? "reader" : "compute";
  return {
    guests,
    channels: [
      ...(channels === undefined ? [] : each((hart) => channel(
        `prey-${hart}`, `hostile-${hart}`, `${preys}-${(hart + 1) % harts}`, channels === "reader" ? READER_WINDOW_BYTES : CHANNEL_BYTES))),
      ...(pairs ? each((hart) => channel(`pair-${hart}`, `asks-${hart}`, `answers-${hart}`, CHANNEL_BYTES)) : []),
    ],
    ...(devices === "disk" ? { disk: 0 } : devices === undefined ? {} : { nics: devices === "port" ? [{ port: 0, owner: 0 }] : interfaces(harts) }),
  };
}

/** Two for each hostile guest, as far as there are ports. */
const interfaces = (harts: number): GuestNic[] => (
  Array.from({ length: Math.min(harts, PORTS) }, (_, port) => [{ port, owner: port }, { port, owner: port }]).flat());
