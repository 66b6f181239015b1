// One machine that is fuzzed: operations by its fuzzing guests, and after every slice what must hold.

import { BootError, type EngineReport } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { claimsWith } from "../../engines/options.ts";
import { checkGuest } from "../check-guest.ts";
import { ModelSession } from "../model/session.ts";
import { Corpus } from "./corpus.ts";
import { OperationSource, playgroundPage, type Target } from "./generate.ts";
import { Lane, LANE_RECORDS, PLAYGROUND_BYTES, readPlaces } from "./lane.ts";
import type { Operation } from "./operation.ts";
import { Random, seedOf } from "./random.ts";
import { FUZZING, type Setting, settingOf } from "./setting.ts";
import type { FuzzCase, FuzzOutcome } from "./task.ts";

const MEGACYCLE = 1_000_000;
/** Guests are ready by then, also the last of ten threads whose turns are of 750,000 cycles, in its second. */
const READY = 12 * MEGACYCLE;
const READY_STEP = MEGACYCLE / 4;
/** A slice, in cycles: some operations of every lane. */
const SLICE = MEGACYCLE / 2;
/** A hart that begins no operation in so many slices begins none any more; with half of them gone, the machine is done with. */
const IDLE_SLICES = 8;
/** By then every honest guest has done some work. */
const SERVED = 20 * MEGACYCLE;
const PAGE = 0x1000;

/** Streams of random numbers of a case. */
const STREAM = { setting: 1, operations: 2, playground: 3 } as const;

/** Told after each slice; answers whether to go on. */
export type Watch = (done: number) => boolean;

export function runCase(fuzzCase: FuzzCase, costs: CostModel, watch: Watch): FuzzOutcome {
  const run = new Run(fuzzCase, costs);
  try {
    return run.execute(watch);
  } catch (error) {
    if (error instanceof BootError) throw error;
    return run.outcome(`the engine ended: ${(error as Error).stack?.split("\n").slice(0, 4).join(" ") ?? String(error)}`);
  }
}

interface Stream {
  readonly source: OperationSource;
  readonly lane: Lane;
  readonly number: number;
  /** Given by guest and hart; replayed if there are any. */
  readonly log: Operation[];
  readonly replayed: readonly Operation[] | undefined;
  /** Operations whose results have been looked at, and slices since there were new ones. */
  seen: number;
  idle: number;
}

class Run {
  readonly #case: FuzzCase;
  readonly #setting: Setting;
  readonly #session: ModelSession;
  readonly #ram: DataView;
  readonly #corpus: Corpus;
  readonly #random: Random;
  readonly #playground: Random;
  #streams: readonly Stream[] = [];
  #targets: readonly { readonly target: Target; readonly lane: Lane }[] = [];
  #report!: EngineReport;

  constructor(fuzzCase: FuzzCase, costs: CostModel) {
    const random = (stream: number): Random => new Random(seedOf(fuzzCase.seed, stream));
    this.#case = fuzzCase;
    this.#setting = settingOf(fuzzCase.engine, random(STREAM.setting));
    this.#random = random(STREAM.operations);
    this.#playground = random(STREAM.playground);
    this.#corpus = new Corpus(this.#random);
    this.#session = new ModelSession(this.#setting, costs);
    const ram = this.#session.ram();
    this.#ram = new DataView(ram.buffer, ram.byteOffset, ram.byteLength);
  }

  execute(watch: Watch): FuzzOutcome {
    const late = this.#boot();
    if (late !== undefined) return this.outcome(late);
    while (2 * this.#streams.filter(({ idle }) => idle < IDLE_SLICES).length >= this.#streams.length) {
      this.#fill();
      const ended = this.#session.run(SLICE);
      if (ended.kind !== "reached") return this.outcome(ended.kind === "halted" ? "every hart has halted" : `deadlock: ${ended.waits.join("; ")}`);
      this.#session.rest();
      const broken = this.#broken();
      if (broken.length > 0) return this.outcome(broken.join("; "));
      this.#learn();
      const done = this.#begun();
      if (done >= this.#case.calls || !watch(done) || this.#replayed()) break;
    }
    return this.outcome(this.#unserved());
  }

  outcome(failure: string | undefined): FuzzOutcome {
    const { engine, seed, calls } = this.#case;
    return {
      engine, seed, calls, done: this.#begun(), signatures: this.#corpus.signatures(), operations: this.#streams.map(({ log }) => log),
      setting: `${this.#setting.harts} harts, ${Object.entries(this.#setting.options).map(([name, value]) => `${name}=${value}`).join(" ")}`,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  /** Why not all guests are ready. */
  #boot(): string | undefined {
    const { vms } = this.#setting.configuration;
    for (let cycles = 0; cycles < READY; cycles += READY_STEP) {
      this.#session.run(READY_STEP);
      this.#report = this.#session.report();
      if (this.#report.vms.every(({ unitsPage }) => unitsPage !== 0 && this.#session.units(unitsPage)?.ready)) break;
    }
    const { vms: reports } = this.#report;
    if (reports.some(({ unitsPage }) => unitsPage === 0)) return `not ready after ${READY} cycles; ${this.#session.whereabouts()}`;
    const streams: Stream[] = [];
    const targets: { target: Target; lane: Lane }[] = [];
    for (let guest = 0; guest < FUZZING; guest++) {
      const { unitsPage, memory } = reports[guest];
      const target: Target = { ...readPlaces(this.#ram, unitsPage - RAM_BASE), memoryBytes: vms[guest].memoryBytes, harts: vms[guest].vcpus };
      for (let number = 0; number < vms[guest].vcpus; number++) {
        const lane = new Lane(this.#ram, memory - RAM_BASE, target, number);
        streams.push({ source: new OperationSource(this.#random, target), lane, number, log: [], replayed: this.#case.replay?.[streams.length], seen: 0, idle: 0 });
        if (number === 0) targets.push({ target, lane });
      }
    }
    this.#streams = streams;
    this.#targets = targets;
    return undefined;
  }

  #fill(): void {
    for (const { target, lane } of this.#targets) {
      for (let number = 0; number < PLAYGROUND_BYTES / PAGE; number++) {
        if (this.#playground.once(3)) lane.play(number * PAGE, playgroundPage(this.#playground, target, number));
      }
    }
    for (const stream of this.#streams) {
      const { lane, log, replayed } = stream;
      const begun = lane.begun();
      if (begun === undefined) continue;
      while (lane.given - begun < LANE_RECORDS - 1) {
        const operation = replayed === undefined ? this.#next(stream) : replayed[lane.given];
        if (operation === undefined) break;
        log.push(operation);
        lane.give(operation);
      }
    }
  }

  #next({ source, number }: Stream): Operation {
    const known = this.#corpus.pick();
    return known === undefined ? source.next(number) : source.mutated(known);
  }

  /** Keeps operations that came to something new. */
  #learn(): void {
    for (const stream of this.#streams) {
      const begun = stream.lane.begun();
      stream.idle = begun === undefined || begun - 1 <= stream.seen ? stream.idle + 1 : 0;
      if (begun === undefined) continue;
      for (let index = stream.seen; index < begun - 1; index++) this.#corpus.see(stream.log[index], stream.lane.result(index));
      stream.seen = Math.max(stream.seen, begun - 1);
    }
  }

  #begun(): number {
    return this.#streams.reduce((sum, { lane, seen }) => sum + (lane.begun() ?? seen), 0);
  }

  #replayed(): boolean {
    return this.#streams.every(({ lane, replayed, idle }) => replayed !== undefined && (lane.begun() === replayed.length || idle > 1));
  }

  /** What must hold, and does not. */
  #broken(): readonly string[] {
    this.#report = this.#session.report();
    return [...this.#session.invariants(), ...this.#setting.digests.flatMap((digest, index) => {
      if (digest === undefined) return [];
      const { name, state, reason, unitsPage } = this.#report.vms[index];
      if (state !== "running") return [`${name} ${state}: ${reason ?? ""}`];
      const reading = this.#session.units(unitsPage as Exclude<typeof unitsPage, 0>);
      const wrong = reading === undefined ? "its units page is destroyed" : reading.ready ? checkGuest(reading, digest) : undefined;
      return wrong === undefined ? [] : [`${name}: ${wrong}`];
    })];
  }

  /** At the end: an honest guest that has done nothing, on an engine that promises it its share. */
  #unserved(): string | undefined {
    const { vms } = this.#report;
    if (this.#session.now() < SERVED || !claimsWith(ENGINES[this.#case.engine], this.#setting.options).cpuShare) return undefined;
    const none = this.#setting.digests.flatMap((digest, index) => {
      const { unitsPage, name } = vms[index];
      return digest !== undefined && unitsPage !== 0 && (this.#session.units(unitsPage)?.units ?? 0) === 0 ? [name] : [];
    });
    return none.length === 0 ? undefined : `${none.join(", ")}: no unit of work done`;
  }
}
