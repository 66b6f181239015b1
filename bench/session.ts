// One machine of one case, as the main thread steers it: harts on piscina workers, started together,
// run for a window at a time. Every case has workers of its own, so that what the host's compiler learnt
// from one engine neither helps nor hurts the next.

import type { Piscina } from "piscina";
import type { EngineReport } from "../engines/engine.ts";
import type { PhysicalMemory } from "../engines/machine/memory.ts";
import { command, whenAcknowledged, whenReady } from "../engines/machine/control.ts";
import { ConsoleInput } from "../engines/machine/devices/console-input.ts";
import { ConsoleReader } from "../engines/machine/devices/console.ts";
import { type LoggedFrame, offer, type Offered, readLog } from "../engines/machine/network/steering.ts";
import { type CaseMachine, type MachineCase, prepareCaseMachine } from "./case-machine.ts";
import { CaseFailure } from "./failure.ts";
import { HartClocks, type JointWindow, joinWindows, now } from "./hart-clock.ts";
import { createHartPool } from "./hart-pool.ts";
import type { HartTask } from "./hart-task.ts";
import type { MachineReading } from "./machine-reading.ts";
import { readMachine, reportOf, retiredBy, whereabouts } from "./read-machine.ts";

/** A hart that does not take up a command within this has hung. */
const HANG_LIMIT_MS = 5_000;
const READY_LIMIT_MS = 20_000;
const POLL_MS = 4;

export class MachineSession {
  readonly #case: MachineCase;
  readonly #machine: CaseMachine;
  readonly #memory: PhysicalMemory;
  readonly #clocks: HartClocks;
  readonly #pool: Piscina;
  /** Rejects when a hart's thread fails; never resolves while the machine may run. */
  readonly #harts: Promise<never>;
  /** When the harts had come to rest, on `now`'s clock. */
  #pausedAt = 0;
  #console = "";

  /** Boots the engine and its guests on `pool`, which is then the session's; the machine is paused. Throws a CaseFailure. */
  static async start(machineCase: MachineCase, pool: Piscina = createHartPool(machineCase.harts)): Promise<MachineSession> {
    const session = new MachineSession(machineCase, pool);
    try {
      await session.#within(READY_LIMIT_MS, "boot", whenReady(session.#memory));
      // Engines have read the clock while they booted: only what comes after was not machine time.
      session.#pausedAt = now();
    } catch (error) {
      await session.stop();
      throw error;
    }
    return session;
  }

  private constructor(machineCase: MachineCase, pool: Piscina) {
    const { engine, options, harts, configuration } = machineCase;
    this.#case = machineCase;
    this.#machine = prepareCaseMachine(machineCase, harts);
    this.#memory = this.#machine.memory;
    this.#clocks = HartClocks.create(harts);
    const wired = this.#machine.ports > 0;
    this.#pool = pool;
    const tasks = Array.from({ length: harts }, (_, hart): Promise<void> => this.#pool.run({
      hart, harts, memory: this.#memory.handle(), engine, options, configuration, wired, clocks: this.#clocks.shared,
    } satisfies HartTask));
    const failed = Promise.withResolvers<never>();
    for (const task of tasks) task.catch((error: unknown) => failed.reject(new CaseFailure(firstLine(error))));
    failed.promise.catch(() => undefined); // seen by whoever waits for the machine
    this.#harts = failed.promise;
  }

  /** Lets all harts run for a window, and pauses them. The times are those the harts' threads took. */
  async run(milliseconds: number): Promise<JointWindow> {
    this.#clocks.addPaused(now() - this.#pausedAt);
    command(this.#memory, "run");
    await this.#within(milliseconds + HANG_LIMIT_MS, "run", sleep(milliseconds));
    command(this.#memory, "pause");
    await this.#within(HANG_LIMIT_MS, "pause", whenAcknowledged(this.#memory));
    const windows = Array.from({ length: this.#case.harts }, (_, hart) => this.#clocks.read(hart));
    this.#pausedAt = Math.max(...windows.map(({ paused }) => paused));
    return joinWindows(windows);
  }

  /** Lets all harts run until `done`, which is asked every POLL_MS while they run. The machine goes on running. */
  async runUntil(done: () => boolean): Promise<void> {
    this.#clocks.addPaused(now() - this.#pausedAt);
    command(this.#memory, "run");
    while (!done()) await Promise.race([sleep(POLL_MS), this.#harts]);
  }

  /** What the engine knows of itself and its guests, at any time. */
  report(): EngineReport {
    return reportOf(this.#machine, this.#case);
  }

  /** What guests, engine and harts have counted. The machine must be paused. */
  read(): MachineReading {
    return readMachine(this.#machine, this.#case);
  }

  /** From the machine's next run on, at every port that has traffic. */
  offer(offered: Offered): void {
    for (const port of this.#case.traffic?.traffic.ports ?? []) offer(this.#memory, this.#memory.deviceArea(), port, offered);
  }

  /** The first frames that departed, if the case keeps them. */
  departures(): LoggedFrame[] {
    return this.#machine.ports === 0 ? [] : readLog(this.#memory, this.#memory.deviceArea());
  }

  /** Instructions that guests have retired on all harts. */
  retired(): number {
    return retiredBy(this.#machine, this.#case.harts);
  }

  /** Where the harts are, for a failure's reason. */
  whereabouts(): string {
    return whereabouts(this.#machine, this.#case.harts);
  }

  /** Types `bytes` at the machine's console, as many as there is room for, and answers how many. */
  type(bytes: Uint8Array): number {
    return new ConsoleInput(this.#memory).write(bytes);
  }

  /** Promises to take what the guests write: from now on a guest that is faster waits. */
  attendConsole(): void {
    new ConsoleReader(this.#memory).attend(true);
  }

  /** What the guests have written to their consoles and nobody has taken yet. */
  takeConsole(): Uint8Array {
    const bytes: number[] = [];
    new ConsoleReader(this.#memory).drain((byte) => bytes.push(byte));
    return Uint8Array.from(bytes);
  }

  /** Everything the guests have written to their consoles. */
  console(): string {
    this.#console += new TextDecoder("latin1").decode(this.takeConsole());
    return this.#console;
  }

  /** Cost of one clock reading on hart 0, in nanoseconds. */
  probeCost(): number {
    return this.#clocks.readProbeCost(0);
  }

  /** Ends the machine and its threads, also when they hang. */
  async stop(): Promise<void> {
    command(this.#memory, "stop");
    await this.#pool.destroy();
  }

  async #within<T>(limitMs: number, step: string, work: Promise<T>): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => limit.reject(new CaseFailure(`the machine did not ${step} within ${limitMs / 1000} s; ${this.whereabouts()}`)), limitMs);
    try {
      return await Promise.race([work, this.#harts, limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0];
