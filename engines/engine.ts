// The contract between engines and whoever runs them.

import type { Cycles, PhysicalAddress, Ticks } from "./machine/address.ts";
import type { EngineMode, Hart, TrapHandler } from "./machine/hart/hart.ts";
import type { PhysicalMemory } from "./machine/memory.ts";

/** CPU time due to one vCPU: `budget` in every `period`. */
export interface Share {
  readonly budget: Ticks;
  readonly period: Ticks;
}

/** One guest, as data (structured-cloneable). */
export interface VirtualMachine {
  readonly name: string;
  /** An ELF file, a Linux Image or a flat binary. */
  readonly image: Uint8Array;
  /** A multiple of 4096. */
  readonly memoryBytes: number;
  readonly vcpus: number;
  /** `/chosen/bootargs` of its device tree. */
  readonly bootArguments: string;
  /** A flattened device tree that it gets instead of one that says what it has. */
  readonly deviceTree?: Uint8Array;
  /** Of each of its vCPUs. */
  readonly share: Share;
  /** Where an engine that places guests at boot puts it, modulo the harts there are; other engines ignore it. */
  readonly hart: number;
  /** Whether it has a 16550 for a console, and so an interrupt controller. */
  readonly serial?: boolean;
}

/** A window of memory that two guests share, with a doorbell at both ends. */
export interface Channel {
  readonly name: string;
  /** Indexes of virtual machines; the same one twice is a loopback, which the guest sees as one end. */
  readonly ends: readonly [number, number];
  /** A multiple of 4096. */
  readonly windowBytes: number;
}

/** A guest's network interface: a port of the machine, or its place on that port's segment. */
export interface Nic {
  /** 0 to 3. */
  readonly port: number;
  /** Index of a virtual machine. */
  readonly owner: number;
}

export interface Configuration {
  readonly vms: readonly VirtualMachine[];
  readonly channels: readonly Channel[];
  /** In the order in which each owner sees its own. */
  readonly nics?: readonly Nic[];
  /** Programs of the host's own, for engines that have a host: machine code that is placed at RAM_BASE of a page of its own,
   *  and `argument` in a0. Others ignore them. */
  readonly processes?: readonly {
    readonly name: string; readonly code: readonly number[]; readonly argument: number;
    readonly pipes?: { readonly writes: number; readonly reads: number };
  }[];
  /** The machine's block device and the virtual machine that has it. */
  readonly disk?: { readonly owner: number };
}

export interface Platform {
  readonly memory: PhysicalMemory;
  readonly harts: number;
}

export interface Engine extends TrapHandler {
  /**
   * Once, on hart 0, before any other hart starts: lays out the state, loads the images, builds second stages.
   * Throws BootError when the configuration cannot run on this engine.
   */
  boot(hart: Hart): void;
  /** Once on every hart, after boot: enters a guest or idles. */
  start(hart: Hart): void;
  /** On every trap that leaves the guest. Never throws, whatever a guest does. */
  trap(hart: Hart): void;
}

/** The configuration cannot run here. The message says why and what would. */
export class BootError extends Error {
  override readonly name = "BootError";
}

export interface EngineOption {
  readonly values: readonly string[];
  readonly default: string;
  readonly summary: string;
  /** By value: which of the engine's claims are not made with it. */
  readonly withdraws?: Readonly<Record<string, readonly (keyof Claims)[]>>;
}

/** What an engine promises; the attack workloads test it. */
export interface Claims {
  /** No guest reaches another's memory or the engine's. */
  readonly memoryIsolation: boolean;
  /** No guest takes CPU time that is due to another. */
  readonly cpuShare: boolean;
  /** Guests cannot use the engine's privileges or devices. */
  readonly privilege: boolean;
}

export type EngineName = "bare" | "uniprocessor" | "per-core" | "smp" | "microscheduler" | "hosted";
export type Options = Readonly<Record<string, string>>;

export interface EngineDescription {
  readonly name: EngineName;
  readonly summary: string;
  readonly mode: EngineMode;
  /** By name; `create` and `inspect` take their values, each defaulted when absent. */
  readonly options: Readonly<Record<string, EngineOption>>;
  readonly claims: Claims;
  readonly maximumHarts: number;
  readonly maximumVms: number;
  /** Source file that the engine's TCB is counted from, relative to `engines/`. */
  readonly entry: string;
  create(platform: Platform, configuration: Configuration, options: Options): Engine;
  /** Reads the engine's state; at any time after boot, also while the machine runs. Not part of the engine. */
  inspect(platform: Platform, configuration: Configuration, options: Options): EngineReport;
  /**
   * Which of the engine's invariants do not hold of its state, one line each; after boot, while no hart is in the engine. An
   * engine whose guests are its peers can promise them of well-behaved guests only. Not part of the engine.
   */
  invariants(platform: Platform, configuration: Configuration, options: Options): readonly string[];
}

export interface VmReport {
  readonly name: string;
  readonly state: "running" | "finished" | "failed";
  /** Why it finished or failed, with cause and registers. */
  readonly reason?: string;
  /** Whether it finished by asking to be started again. */
  readonly reboot?: boolean;
  /** Physical address of the units page; 0 until registered. */
  readonly unitsPage: PhysicalAddress | 0;
  /** Physical address of the first byte of its RAM. */
  readonly memory: PhysicalAddress;
  /** How often it has been started again, when it failed last, and when it last began anew. Absent: never. */
  readonly restarts?: { readonly count: number; readonly failedAt: Cycles; readonly restartedAt: Cycles };
  /** CPU time charged to its vCPUs together. */
  readonly cpuTime: Cycles;
}

/** Waiting and holding times are 0 unless the engine was created with `lock-timing=on`. */
export interface LockReport {
  readonly name: string;
  /** Physical address of its record. */
  readonly lock: PhysicalAddress;
  readonly kind: string;
  readonly acquisitions: number;
  /** Acquisitions that found the lock held. */
  readonly contended: number;
  /** Acquisitions by another hart than the one before. */
  readonly handovers: number;
  readonly waiting: Cycles;
  readonly waitingMax: Cycles;
  readonly holding: Cycles;
  readonly holdingMax: Cycles;
}

/** What the engine itself did for its guests' network interfaces. */
export interface NetworkReport {
  /** Frames that the virtual switch took from a port or a guest. */
  readonly frames: number;
  /** Times that the contents of a frame were copied, and bytes of them. */
  readonly copies: number;
  readonly bytesCopied: number;
  /** Frames that a port or a guest had no buffer for. */
  readonly dropped: number;
}

/** Where a part of an engine's state lies: what an insider knows, and attacks are aimed at. */
export interface EngineTable {
  readonly name: "run-queue" | "virtual-machines" | "locks" | "vmms";
  readonly base: PhysicalAddress;
  readonly bytes: number;
}

/** Memory that an engine allocates while it runs, in bytes. */
export interface HeapReport {
  readonly size: number;
  readonly inUse: number;
  readonly peak: number;
  /** Requests that found it full. */
  readonly refused: number;
}

export interface EngineReport {
  readonly vms: readonly VmReport[];
  /** Processes of the host's own; absent where there is no host. */
  readonly processes?: readonly VmReport[];
  /** Empty where the engine has no such state. */
  readonly tables: readonly EngineTable[];
  /** Absent where the engine moves no frames. */
  readonly network?: NetworkReport;
  /** Absent where all state is static. */
  readonly heap?: HeapReport;
  /** Empty when the engine takes no lock. */
  readonly locks: readonly LockReport[];
  /** Times that a hart took up the context of a vCPU: another's, or its own after idling. */
  readonly worldSwitches: number;
  /** 32-bit words of engine state that more than one hart writes, or that one writes and others read. */
  readonly sharedMutableWords: number;
}
