// One machine of one case on the model clock: everything happens on the calling thread, while it is asked to run.

import type { EngineDescription, EngineReport } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { cycles, type PhysicalAddress } from "../../engines/machine/address.ts";
import { ConsoleReader } from "../../engines/machine/devices/console.ts";
import { THREAD_AREAS_OFFSET } from "../../engines/machine/layout.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { Durations, LockTimes as SeenTimes } from "../../engines/machine/model/lock-times.ts";
import { createModelMachine } from "../../engines/machine/model/machine.ts";
import type { Upset } from "../../engines/machine/hart/upset.ts";
import type { HartCycles, ModelMachine, ModelOutcome } from "../../engines/machine/model/model.ts";
import { offer, type Offered } from "../../engines/machine/network/steering.ts";
import { connectWire } from "../../engines/machine/network/wire.ts";
import type { CoreFactory } from "../../engines/machine/core.ts";
import { Core, type CoreOptions } from "../../engines/machine/translator/core.ts";
import { type CaseMachine, type MachineCase, prepareCaseMachine } from "../case-machine.ts";
import type { Histogram } from "../histogram.ts";
import type { LockReading, MachineReading } from "../machine-reading.ts";
import { lookaheadOf } from "./lookahead.ts";
import { type Execution, executionOf, readMachine, reportOf, retiredBy, whereabouts } from "../read-machine.ts";
import { readUnits, readUnitsPage, type UnitsReading } from "../units-page.ts";

export interface SessionParts {
  /** Prepared. */
  readonly machine: CaseMachine;
  readonly core: CoreFactory;
}

export class ModelSession {
  readonly #case: MachineCase;
  readonly #machine: CaseMachine;
  readonly #model: ModelMachine;
  #now = 0;

  /** A machine that has not booted, of `parts` that nothing else uses. */
  constructor(
    machineCase: MachineCase, costs: CostModel, { machine, core } = newParts(machineCase), engine: Pick<EngineDescription, "mode" | "create"> = ENGINES[machineCase.engine],
  ) {
    const { options, harts, configuration } = machineCase;
    const { memory, ports } = machine;
    this.#case = machineCase;
    this.#machine = machine;
    this.#model = createModelMachine({
      memory, harts, mode: engine.mode, software: engine.create({ memory, harts }, configuration, options), costs, core,
      lookahead: lookaheadOf(configuration),
      wire: ports > 0 ? connectWire(memory, memory.deviceArea()) : [],
    });
  }

  /** Lets all harts run for so many cycles more; boots the machine before the first. Throws what the engine throws at boot. */
  run(duration: number): ModelOutcome {
    this.#now += duration;
    const outcome = this.#model.run(cycles(this.#now));
    return outcome.kind === "deadlock" ? { kind: "deadlock", waits: outcome.waits.map((line) => this.#nameLocks(line)) } : outcome;
  }

  /** Runs on, in steps of a cycle, until no hart is in the engine. */
  rest(): ModelOutcome {
    for (;;) {
      const outcome = this.run(1);
      if (outcome.kind !== "reached" || this.#model.atRest()) return outcome;
    }
  }

  /** Which of the engine's invariants do not hold, one line each; the machine is at rest. */
  invariants(): readonly string[] {
    const { engine, options, harts, configuration } = this.#case;
    return ENGINES[engine].invariants({ memory: this.#machine.memory, harts }, configuration, options);
  }

  /** What guests, engine and harts have counted, and the model has seen of locks. */
  read(): MachineReading {
    const reading = readMachine(this.#machine, this.#case);
    const seen = new Map(this.#model.lockTimes().map((times) => [times.lock, times]));
    return { ...reading, locks: reading.locks.map((lock) => ({ ...lock, ...timesOf(seen.get(lock.lock)) })) };
  }

  /** Where a virtual machine that is ready counts its units. */
  unitsPage(vm: number): PhysicalAddress {
    return reportOf(this.#machine, this.#case).vms[vm].unitsPage as PhysicalAddress;
  }

  /** What has been counted on such a page. */
  unitsOn(page: PhysicalAddress): number {
    return readUnits(this.#machine.memory, page);
  }

  /** Cycles that the machine has run. */
  now(): number {
    return this.#now;
  }

  /** What the engine knows of itself and its guests. */
  report(): EngineReport {
    return reportOf(this.#machine, this.#case);
  }

  /** All of the machine's RAM. */
  ram(): Uint8Array {
    const { memory } = this.#machine;
    return memory.u8.subarray(memory.ramOffset, memory.ramOffset + memory.ramBytes);
  }

  /** What it has that no address reaches: the registers of its harts and devices. */
  hardware(): Uint8Array {
    const { memory } = this.#machine;
    return memory.u8.subarray(0, THREAD_AREAS_OFFSET);
  }

  /** What its devices hold: the disk, and the wire with its log. */
  devices(): Uint8Array {
    const { memory } = this.#machine;
    return memory.u8.subarray(memory.deviceArea(), memory.ramOffset);
  }

  /** The units page at an address where a guest has registered one. */
  units(page: PhysicalAddress): UnitsReading | undefined {
    return readUnitsPage(this.#machine.memory, page);
  }

  /** What each hart's cycles went to. */
  cycles(): HartCycles[] {
    return Array.from({ length: this.#case.harts }, (_, hart) => this.#model.cycles(hart));
  }

  /** From now on, at every port that has traffic; a second of the machine's time has 10^9 cycles. */
  offer(offered: Offered): void {
    const { memory } = this.#machine;
    for (const port of this.#case.traffic?.traffic.ports ?? []) offer(memory, memory.deviceArea(), port, offered);
  }

  /** Instructions that guests have retired on all harts. */
  retired(): number {
    return retiredBy(this.#machine, this.#case.harts);
  }

  whereabouts(): string {
    return whereabouts(this.#machine, this.#case.harts);
  }

  /** What executes the guest whose memory lies there. */
  execution(base: PhysicalAddress, bytes: number): Execution | undefined {
    return executionOf(this.#machine, this.#case, base, bytes);
  }

  /** Flips a bit of the guest that a hart executes; answers as the machine's upset(). */
  upset(hart: number, what: Upset): number {
    return this.#model.upset(hart, what);
  }

  /** What the guests have written to their consoles. */
  console(): string {
    const bytes: number[] = [];
    new ConsoleReader(this.#machine.memory).drain((byte) => bytes.push(byte));
    return new TextDecoder("latin1").decode(Uint8Array.from(bytes));
  }

  /** A line about locks at addresses, with their names. */
  #nameLocks(line: string): string {
    const { locks } = this.report();
    return line.replaceAll(/the lock at 0x([0-9a-f]+)/g, (text, address: string) => locks.find(({ lock }) => lock === parseInt(address, 16))?.name ?? text);
  }
}

function newParts(machineCase: MachineCase): SessionParts {
  return { machine: prepareCaseMachine(machineCase, 1), core: (...parts) => new Core(...parts, coreOptions(machineCase)) };
}

/** Guests of one image need not be translated one by one. */
export function coreOptions({ engine, configuration: { vms } }: MachineCase): CoreOptions {
  const { mode } = ENGINES[engine];
  return { shared: mode === "hypervisor" && vms.length > 1, placed: mode === "machine" && vms.length > 1 };
}

/** The model goes on counting in what it has shown. */
function timesOf(times: SeenTimes | undefined): Partial<LockReading> {
  if (times === undefined) return {};
  const { waiting, holding } = times;
  const histogram = ({ counts, maximum }: Durations): Histogram => ({ counts: counts.slice(), maximum });
  return {
    waiting: waiting.sum, waitingMax: waiting.maximum, holding: holding.sum, holdingMax: holding.maximum,
    times: { waiting: histogram(waiting), holding: histogram(holding) },
  };
}
