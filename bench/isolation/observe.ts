// Runs one machine with hostile guests on the model clock, and observes from outside what becomes of everybody.

import type { EngineReport, HeapReport } from "../../engines/engine.ts";
import type { PhysicalAddress } from "../../engines/machine/address.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { cyclesToTicks } from "../../engines/machine/clock.ts";
import { cycles } from "../../engines/machine/address.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { ASKS, COMPUTES, type GuestKind, kindOf, secretOf, SLEEPS } from "../../workloads/attacks.ts";
import { PROCESS_PAGE } from "../../workloads/host-programs.ts";
import { BootError } from "../../engines/engine.ts";
import { checkGuest } from "../check-guest.ts";
import { emptyHistogram, histogramSince } from "../histogram.ts";
import { jainIndex } from "../statistics.ts";
import { ModelSession } from "../model/session.ts";
import type { UnitsReading } from "../units-page.ts";
import type { IsolationCase } from "./cases.ts";
import { instruct, instructProcesses, type Place, type Places, placesIn, placesOf } from "./insider.ts";
import { countPattern } from "./pattern.ts";
import type { Reached } from "./reach.ts";

const MEGACYCLE = 1_000_000;
/** By then every honest guest is ready, on all engines. */
const BEGIN = 8 * MEGACYCLE;
const WARM_UP = 2 * MEGACYCLE;
/** 30 periods: what a guest gets too early or too late is a thirtieth of its share at most. */
const WINDOW = 30 * MEGACYCLE;

/** What was charged in a window may include the end of a turn that began before. */
const MOST_OF_A_WINDOW = 1.1;

/** Evidence of hostile guests: workloads/guests/attack/attack.h. */
const LOOT = 24;
const LOOT_BYTES = 64;

export interface VictimSeen {
  readonly name: string;
  readonly kind: GuestKind;
  /** In the window. */
  readonly units: number;
  /** The latest that it was woken, in cycles; 0 where it does not sleep. */
  readonly latest: number;
  /** Why its work is not right, or how it ended. */
  readonly wrong?: string;
}

export interface Observation {
  readonly victims: readonly VictimSeen[];
  /** Rounds of the attack, of all hostile guests. */
  readonly rounds: number;
  /** Privileged instructions that did not trap; of a process, its accesses too. */
  readonly privileged: number;
  /** Calls that took memory which was not the caller's, or that were not the caller's to make. */
  readonly accepted: number;
  /** Bytes of an honest guest's secret that a hostile guest has, or that are on a disk, on the wire or on the console. */
  readonly secretBytes: number;
  /** Words (of 8 bytes) that the attack has changed. */
  readonly victimWords: number;
  readonly engineWords: number;
  /** CPU time of all guests in the window, as the engine has charged it; absent where its records are lost. */
  readonly cpu?: CpuTimes;
  /** Of an engine that allocates, at the end of the window; and what was in use at its beginning. */
  readonly heap?: HeapReport & { readonly before: number };
  /** Why the machine did not run to the end. */
  readonly ended?: string;
}

export interface CpuTimes {
  /** Percent of all harts' time that hostile guests had together. */
  readonly hostile: number;
  /** Jain's index of what every guest had against what it was due. */
  readonly fairness: number;
}

export type Observed =
  | { readonly kind: "observed"; readonly observation: Observation }
  | { readonly kind: "reached"; readonly reached: Reached }
  /** The engine has nothing that the attack could be aimed at. */
  | { readonly kind: "unsupported"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

export function observe(isolationCase: IsolationCase, costs: CostModel): Observed {
  try {
    return observeMachine(isolationCase, costs);
  } catch (error) {
    if (error instanceof BootError) return { kind: "unsupported", reason: error.message };
    throw error;
  }
}

function observeMachine(isolationCase: IsolationCase, costs: CostModel): Observed {
  const { attack, configuration, counted } = isolationCase;
  const places = placesIn(isolationCase, costs);
  const targets = attack === undefined ? [] : placesOf(places, attack);
  if (attack?.targets !== undefined && targets.length === 0) return { kind: "unsupported", reason: `the engine has no ${attack.targets.join(", no ")}` };
  if (configuration.processes !== undefined && places.processes === undefined) return { kind: "unsupported", reason: "the engine has no host" };
  const begin = cyclesToTicks(cycles(BEGIN));
  const guestsTold = instruct(configuration, counted, begin, targets, places);
  const told = attack?.processes === undefined ? guestsTold : instructProcesses(guestsTold, attack.processes, begin, targets, places);
  const session = new ModelSession({ ...isolationCase, configuration: told }, costs);
  session.run(BEGIN);
  session.offer("as-taken");
  const pages = session.report().vms.map(({ unitsPage }) => unitsPage);
  const late = configuration.vms.filter((_, index) => !session.units(pages[index] as PhysicalAddress)?.ready);
  if (late.length > 0) return { kind: "failed", reason: `${late.map(({ name }) => name).join(", ")} not ready after ${BEGIN} cycles; ${session.whereabouts()}` };
  const guests = new Guests(session, isolationCase, pages as PhysicalAddress[]);
  const ended = runOn(session, WARM_UP);
  guests.note();
  return { kind: "observed", observation: guests.observe(places, ended ?? runOn(session, WINDOW)) };
}

/** Why the machine did not run to the end: a hostile guest may have wrecked the engine. */
function runOn(session: ModelSession, duration: number): string | undefined {
  try {
    const outcome = session.run(duration);
    if (outcome.kind === "reached") return undefined;
    return outcome.kind === "halted" ? "the engine halted every hart" : `deadlock: ${outcome.waits.join("; ")}`;
  } catch (error) {
    return `the engine ended: ${(error as Error).message.split("\n")[0]}`;
  }
}

class Guests {
  readonly #session: ModelSession;
  readonly #case: IsolationCase;
  /** Of each guest: where it had registered its page before the attack began. */
  readonly #pages: readonly PhysicalAddress[];
  #before: readonly (UnitsReading | undefined)[] = [];
  #cpuBefore: readonly number[] = [];
  #heapBefore: number | undefined;

  constructor(session: ModelSession, isolationCase: IsolationCase, pages: readonly PhysicalAddress[]) {
    this.#session = session;
    this.#case = isolationCase;
    this.#pages = pages;
  }

  /** The window begins. */
  note(): void {
    this.#before = this.#read();
    this.#cpuBefore = this.#cpuTimes();
    this.#heapBefore = this.#report()?.heap?.inUse;
  }

  observe({ victim, tables, memory, processes = [] }: Places, ended: string | undefined): Observation {
    const { configuration: { vms }, counted, attack } = this.#case;
    const after = this.#read();
    const states = this.#states();
    const guests = [...vms.keys()];
    const evidence = [...guests.filter((index) => !counted[index]).map((index) => this.#evidence(index, after[index])), ...processes.map((place) => this.#evidenceOf(place))];
    const honest = guests.filter((index) => counted[index]);
    // Others than the victim, where memory is attacked: what is around it is hit as easily.
    const watched = attack?.asset === "memory" ? honest.map((index) => memory[index]) : [victim];
    const cpu = this.#cpu();
    const heap = this.#report()?.heap;
    const before = this.#heapBefore;
    return {
      victims: honest.map((index) => this.#victim(index, after[index], states[index])),
      rounds: evidence.reduce((sum, { rounds }) => sum + rounds, 0),
      privileged: evidence.reduce((sum, { privileged }) => sum + privileged, 0),
      accepted: evidence.reduce((sum, { accepted }) => sum + accepted, 0),
      secretBytes: this.#secretBytes(honest.map((index) => secretOf(vms[index].name)), evidence.map(({ loot }) => loot)),
      victimWords: watched.reduce((sum, place) => sum + this.#count(place), 0),
      engineWords: tables.reduce((sum, table) => sum + this.#count(table), 0),
      ...(cpu === undefined ? {} : { cpu }),
      ...(heap === undefined || before === undefined ? {} : { heap: { ...heap, before } }),
      ...(ended === undefined ? {} : { ended }),
    };
  }

  #cpu(): CpuTimes | undefined {
    const { configuration: { vms }, counted, harts } = this.#case;
    const after = this.#cpuTimes();
    const had = after.map((time, index) => time - this.#cpuBefore[index]);
    if (had.length === 0 || !had.every((time) => time >= 0 && time <= WINDOW * harts * MOST_OF_A_WINDOW)) return undefined;
    return {
      hostile: (100 * had.reduce((sum, time, index) => sum + (counted[index] ? 0 : time), 0)) / (WINDOW * harts),
      fairness: jainIndex(had.slice(0, vms.length), vms.map(({ share, vcpus }) => (vcpus * share.budget) / share.period)),
    };
  }

  /** Of the guests, then of the host's processes. */
  #cpuTimes(): number[] {
    const report = this.#report();
    return report === undefined ? [] : [...report.vms, ...(report.processes ?? [])].map(({ cpuTime }) => cpuTime);
  }

  #secretBytes(secrets: readonly string[], loot: readonly string[]): number {
    const devices = this.#session.devices();
    const outside = Buffer.from(devices.buffer, devices.byteOffset, devices.byteLength);
    const told = this.#session.console();
    const known = secrets.filter((secret) => loot.some((one) => one.includes(secret)) || told.includes(secret) || outside.includes(secret));
    return known.reduce((sum, secret) => sum + secret.length, 0);
  }

  #victim(index: number, after: UnitsReading | undefined, state: string | undefined): VictimSeen {
    const { name } = this.#case.configuration.vms[index];
    const kind = kindOf(name);
    const before = this.#before[index];
    const wrong = state ?? (after === undefined ? "its units page is destroyed" : checkGuest(after, DIGESTS[kind]));
    return {
      name, kind, units: after === undefined ? 0 : after.units - (before?.units ?? 0),
      latest: after === undefined || kind !== "timer" ? 0 : histogramSince(before?.latency ?? emptyHistogram(), after.latency).maximum,
      ...(wrong === undefined ? {} : { wrong }),
    };
  }

  /** How each guest ended, as the engine's records have it if they can still be read. */
  #states(): readonly (string | undefined)[] {
    return this.#report()?.vms.map(({ state, reason }) => (state === "running" ? undefined : `it ${state}: ${reason ?? "no reason given"}`)) ?? [];
  }

  /** Absent where a hostile guest has wrecked the engine's records. */
  #report(): EngineReport | undefined {
    try {
      return this.#session.report();
    } catch {
      return undefined;
    }
  }

  #read(): (UnitsReading | undefined)[] {
    return this.#pages.map((page) => this.#session.units(page));
  }

  #evidence(index: number, after: UnitsReading | undefined): Evidence {
    const start = this.#pages[index] - RAM_BASE + EVIDENCE;
    const bytes = Buffer.from(this.#session.ram().slice(start, start + LOOT + LOOT_BYTES));
    const word = (at: number) => Number(bytes.readBigUInt64LE(at));
    return { rounds: after?.units ?? 0, privileged: word(0), accepted: word(8), loot: bytes.toString("latin1", LOOT, LOOT + Math.min(LOOT_BYTES, word(16))) };
  }

  /** Of a process of the host's. */
  #evidenceOf({ base, bytes }: Place): Evidence {
    const page = Buffer.from(this.#session.ram().slice(base - RAM_BASE, base - RAM_BASE + bytes));
    const word = (at: number) => Number(page.readBigUInt64LE(at));
    const { rounds, survived, granted, loot } = PROCESS_PAGE;
    return { rounds: word(rounds), privileged: word(survived), accepted: word(granted), loot: page.toString("latin1", loot) };
  }

  #count({ base, bytes }: Place): number {
    return countPattern(this.#session.ram().subarray(base - RAM_BASE, base - RAM_BASE + bytes));
  }
}

/** What a hostile guest, or a process of the host's, has left of what it did. */
interface Evidence {
  readonly rounds: number;
  readonly privileged: number;
  readonly accepted: number;
  readonly loot: string;
}

/** Reserved words of the units page: workloads/guests/runtime/units-page.h. */
const EVIDENCE = 0x38;

const digestOf = (workload: string): bigint => CATALOGUE.find(({ name }) => name === workload)?.unitDigest ?? 0n;
/** A unit of the reader is one of the computing guest's: whether its own state was right. */
const DIGESTS: Readonly<Record<GuestKind, bigint>> = { compute: digestOf(COMPUTES), timer: digestOf(SLEEPS), pair: digestOf(ASKS), reader: digestOf(COMPUTES) };
