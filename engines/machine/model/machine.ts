// A whole machine on the model clock. Of all harts that can go on, the one whose clock is behind all others does: a guest
// up to `lookahead` cycles beyond the next, an engine until one of its primitives would be seen out of turn.

import { cycles, hartId, ticks, type Cycles, type HartId, type PhysicalAddress } from "../address.ts";
import { cyclesToTicks, ticksToCycles } from "../clock.ts";
import type { TraceEvent } from "../hart/hart.ts";
import { executesGuest, wakes } from "../hart/interrupts.ts";
import { raiseInterrupt, requestAttention } from "../hart/signal.ts";
import { NO_SLICE } from "../hart/state.ts";
import { takeInterrupt } from "../hart/trap.ts";
import { enterFromEngine } from "../hart/trap-return.ts";
import { upset, type Upset } from "../hart/upset.ts";
import { CONTINUE, HART, HART_BLOCK_BYTES, RAISED } from "../layout.ts";
import { Machine } from "../machine.ts";
import { hartBlock } from "../memory.ts";
import { CoreTiming, type Turn } from "./core-timing.ts";
import type { Cost } from "./cost-model.ts";
import { LINE_BYTES, Lines } from "./lines.ts";
import { LockWatch, type LockTimes } from "./lock-times.ts";
import type { HartCycles, ModelDescription, ModelMachine, ModelOutcome } from "./model.ts";
import { CoreClock, ExecutingClock } from "./model-clock.ts";
import { ModelHart, type Signals } from "./model-hart.ts";
import { ModelMemory, type Waiting } from "./model-memory.ts";
import { Order } from "./order.ts";
import { Recording, SUSPENSION } from "./recording.ts";
import { keyOf, type Slot } from "./slot.ts";
import { Waiters, type ExchangeWait, type Found } from "./waiters.ts";

/** Devices are looked after no more often than this: as a NIC that moderates its interrupts. */
const DEVICE_INTERVAL = 4_000;
const LONGEST_SLICE = 1 << 30;

const ATTENTION_WORD = HART.attention >> 2;
const WAITING = HART.waiting >> 2;
const FUEL = HART.fuel >> 2;
const SLICE = HART.slice >> 2;
const RETIRED = HART.retired >> 2;

class Executor implements ModelMachine, Waiting, Signals {
  readonly #description: ModelDescription;
  readonly #costs: Readonly<Record<Cost, number>>;
  readonly #machine: Machine;
  readonly #slots: readonly Slot[];
  readonly #order: Order;
  readonly #turn: Turn = { horizon: Infinity };
  readonly #waiters: Waiters;
  readonly #locks = new LockWatch();
  readonly #executing: ExecutingClock;
  /** Bit of `raised` that engines raise at other harts. */
  readonly #software: number;
  #booted = false;
  /** A device may have raised interrupts. */
  #touched = false;
  #reached = 0;

  constructor(description: ModelDescription) {
    const { memory, harts, mode, software, core, costs, wire = [] } = description;
    this.#description = description;
    this.#costs = costs.costs;
    this.#order = new Order(harts);
    this.#software = mode === "hypervisor" ? RAISED.supervisor : RAISED.machine;
    const lines = new Lines(memory.ramBytes, harts, costs);
    this.#waiters = new Waiters(Math.ceil(memory.ramBytes / LINE_BYTES), harts, lines);
    const cores = Array.from({ length: harts }, (_, id) => {
      const timing = new CoreTiming(id, lines, this.#turn, costs);
      const block = new Int32Array(memory.wasm.buffer, hartBlock(id), HART_BLOCK_BYTES >> 2);
      return { timing, recording: new Recording(), clock: new CoreClock(timing, block) };
    });
    this.#executing = new ExecutingClock(cores[0].clock);
    this.#machine = new Machine({
      memory, mode, software, core, thread: 0, harts: [...cores.keys()], wire,
      clock: this.#executing,
      clockOf: (id) => cores[id].clock,
      makeHart: (state) => {
        const { timing, recording } = cores[state.id];
        return new ModelHart(state, new ModelMemory(memory, timing, recording, this), timing, recording, this, costs);
      },
    });
    this.#slots = cores.map((core, index): Slot => {
      const id = hartId(index);
      const state = this.#machine.state(id);
      const slot: Slot = { ...core, id, state, block: state.block, activity: "engine", started: false, arriving: [], exchange: undefined, until: Infinity, limit: Infinity, guest: 0 };
      state.model = { deviceAccessed: () => this.#deviceAccessed(slot) };
      return slot;
    });
  }

  run(until: Cycles): ModelOutcome {
    if (!this.#booted) this.#boot();
    this.#lookUp();
    const order = this.#order;
    for (;;) {
      const first = order.first();
      if (first < 0) return this.#ended(until);
      const slot = this.#slots[first];
      if (keyOf(slot) >= until) {
        this.#reached = until;
        return { kind: "reached" };
      }
      this.#turn.horizon = order.next();
      this.#executing.follow(slot.clock);
      if (slot.activity === "engine") this.#runEngine(slot);
      else if (slot.activity === "exchange") this.#attempt(slot);
      else this.#runGuest(slot, until);
      order.set(first, keyOf(slot));
      if (this.#touched) this.#wakeSignalled(slot);
    }
  }

  atRest(): boolean {
    return this.#slots.every(({ activity }) => activity === "guest" || activity === "idle" || activity === "halted");
  }

  cycles(hart: number): HartCycles {
    const { timing, guest, activity, exchange } = this.#slots[hart];
    const rest = Math.max(0, this.#reached - timing.now);
    const exchanging = exchange === undefined ? 0 : timing.now - exchange.since;
    return {
      guest,
      engine: timing.now - guest - timing.waited - exchanging - timing.idle,
      user: timing.user,
      crossing: timing.crossing,
      waiting: timing.waited + exchanging + (activity === "word" ? rest : 0),
      idle: timing.idle + (activity === "idle" ? rest : 0),
    };
  }

  lockTimes(): readonly LockTimes[] {
    return this.#locks.times();
  }

  upset(hart: number, what: Upset): number {
    return upset(this.#slots[hart].state, what);
  }

  /** What devices have to do may have changed since the machine ran. */
  #lookUp(): void {
    for (const slot of this.#slots) {
      const { devices } = slot.state;
      if (slot.activity === "idle" && devices.present) this.#disturb(slot, Math.max(this.#reached, devices.nextEvent(slot.id)));
    }
  }

  // ---- what a hart does next ------------------------------------------------------------------------------

  /** The first hart boots; all are then started at once. */
  #boot(): void {
    this.#booted = true;
    const [first] = this.#slots;
    this.#description.software.boot(first.state.hart);
    first.recording.clear();
    for (const slot of this.#slots) {
      slot.timing.idle += first.timing.now - slot.timing.now;
      slot.timing.now = first.timing.now;
      this.#order.set(slot.id, slot.timing.now);
    }
  }

  /** Handles the trap under way, from its start; comes back without having done so if the hart has to wait. */
  #runEngine(slot: Slot): void {
    const { software } = this.#description;
    const { state } = slot;
    slot.recording.rewind();
    try {
      if (slot.started) software.trap(state.hart);
      else software.start(state.hart);
    } catch (error) {
      if (error !== SUSPENSION) throw error;
      return;
    }
    slot.recording.clear();
    slot.started = true;
    state.trapped = false;
    slot.timing.charge(this.#costs.trapReturn);
    enterFromEngine(state);
    slot.activity = state.halted ? "halted" : "guest";
  }

  #runGuest(slot: Slot, until: number): void {
    const { state, block, timing } = slot;
    const { timers, devices } = state;
    this.#resume(slot);
    if (block[ATTENTION_WORD] !== 0) {
      block[ATTENTION_WORD] = 0;
      timers.reload();
    }
    if (timers.next !== Infinity) timers.update(cyclesToTicks(cycles(timing.now)));
    if (devices.present) {
      devices.poll(slot.id, cycles(timing.now));
      this.#touched = true;
    }
    if (takeInterrupt(state) !== CONTINUE) {
      if (state.trapped) this.#trap(slot);
      return;
    }
    const event = devices.present ? devices.nextEvent(slot.id) : Infinity;
    const timer = ticksToCycles(ticks(timers.next));
    const arrival = slot.arriving.length === 0 ? Infinity : slot.arriving[0];
    if (block[WAITING] !== 0) {
      if (!executesGuest(state) || !wakes(state)) {
        slot.activity = "idle";
        slot.until = Math.max(timing.now, Math.min(timer, event, arrival));
        return;
      }
      block[WAITING] = 0;
    }
    const limit = Math.min(this.#turn.horizon + this.#description.lookahead, until, timer, arrival, Math.max(event, timing.now + DEVICE_INTERVAL));
    this.#runSlice(slot, Math.max(1, Math.min(limit - timing.now, LONGEST_SLICE)));
  }

  #runSlice(slot: Slot, slice: number): void {
    const { state, block } = slot;
    slot.limit = slot.timing.now + slice;
    block[FUEL] = slice;
    block[SLICE] = slice;
    state.horizon = state.timers.next;
    this.#machine.core.run(state.base);
    state.horizon = NO_SLICE;
    const executed = slice - block[FUEL];
    block[FUEL] = 0;
    block[SLICE] = 0;
    retire(block, executed);
    slot.timing.charge(executed);
    slot.guest += executed;
    if (state.trapped) this.#trap(slot);
  }

  /** The core waits for the device: a slice ends when it is to end, however few instructions it has executed. */
  #deviceAccessed({ timing, block, clock, limit }: Slot): void {
    timing.charge(this.#costs.deviceAccess);
    this.#touched = true;
    if (block[SLICE] !== 0 && clock.now() >= limit) requestAttention(block);
  }

  #trap(slot: Slot): void {
    slot.timing.charge(this.#costs.trapEntry);
    slot.activity = "engine";
  }

  /** Ends an idle hart's rest, and raises the interrupts that have arrived. */
  #resume(slot: Slot): void {
    const { timing, arriving } = slot;
    if (slot.activity === "idle") {
      timing.idle += slot.until - timing.now;
      timing.now = slot.until;
      slot.activity = "guest";
    }
    while (arriving.length > 0 && arriving[0] <= timing.now) {
      arriving.shift();
      raiseInterrupt(this.#description.memory.i32, slot.id, this.#software);
    }
  }

  /** One more attempt of a hart that exchanges a word until it finds what it wants. */
  #attempt(slot: Slot): void {
    const { timing } = slot;
    const wait = slot.exchange as ExchangeWait;
    const { i32 } = this.#description.memory;
    const word = this.#wordAt(wait.address);
    timing.modifyInTurn(wait.address);
    const found = i32[word];
    i32[word] = wait.value;
    if (found !== wait.wanted) {
      wait.pauses = Math.min(2 * wait.pauses, wait.longest);
      timing.charge(wait.pauses * this.#costs.pause);
      return;
    }
    timing.waited += timing.now - wait.since;
    slot.exchange = undefined;
    slot.recording.append(wait.address | 0, found);
    slot.activity = "engine";
    this.written(slot.id, wait.address);
  }

  /** Idle harts at which a device has raised an interrupt, or set a timer, while `slot` executed. */
  #wakeSignalled(slot: Slot): void {
    this.#touched = false;
    for (const other of this.#slots) {
      if (other.activity === "idle" && other.block[ATTENTION_WORD] !== 0) this.#disturb(other, slot.timing.now + this.#costs.interruptDelivery);
    }
  }

  #disturb(slot: Slot, at: number): void {
    slot.until = Math.max(slot.timing.now, Math.min(slot.until, at));
    this.#order.set(slot.id, slot.until);
    this.#turn.horizon = Math.min(this.#turn.horizon, slot.until);
  }

  #ended(until: number): ModelOutcome {
    this.#reached = until;
    if (this.#slots.every(({ activity }) => activity === "halted")) return { kind: "halted" };
    return { kind: "deadlock", waits: this.#slots.map((slot) => `hart ${slot.id} ${this.#state(slot)}`) };
  }

  #state({ id, activity }: Slot): string {
    if (activity !== "word") return activity === "halted" ? "has halted" : "idles: no interrupt is pending and no timer set";
    return `waits for ${this.#locks.wait(id) ?? this.#waiters.wait(id) ?? "nothing"}`;
  }

  // ---- what primitives ask for ------------------------------------------------------------------------------

  forWord(core: number, address: PhysicalAddress, value: number, unless: boolean): void {
    const slot = this.#slots[core];
    this.#waiters.add(core, address, value, unless, slot.timing.now);
    slot.activity = "word";
  }

  forExchange(core: number, address: PhysicalAddress, value: number, wanted: number, longest: number): void {
    const slot = this.#slots[core];
    // Attempts are made in their turn, which stores that are still under way must not put off.
    slot.timing.drain();
    slot.exchange = { address, value, wanted, longest, since: slot.timing.now, pauses: 1 };
    slot.timing.charge(this.#costs.pause);
    slot.activity = "exchange";
  }

  written(core: number, address: PhysicalAddress): void {
    if (!this.#waiters.isWatched(address)) return;
    this.#waiters.written(address, this.#slots[core].timing.seen(), this.#description.memory.i32, this.#wordAt, this.#wake);
  }

  interrupt(target: HartId, at: number): void {
    const slot = this.#slots[target];
    const { arriving } = slot;
    let place = arriving.length;
    while (place > 0 && arriving[place - 1] > at) place--;
    arriving.splice(place, 0, at);
    if (slot.activity === "idle") this.#disturb(slot, at);
  }

  trace(core: number, now: number, event: TraceEvent, subject: PhysicalAddress): void {
    this.#locks.trace(core, now, event, subject);
  }

  /** Index of a word among those of memory. */
  readonly #wordAt = (address: PhysicalAddress): number => this.#description.memory.offset((address >>> 0) as PhysicalAddress) >> 2;

  readonly #wake = ({ core, at, address, value, since }: Found): void => {
    const slot = this.#slots[core];
    slot.timing.waited += at - since;
    slot.timing.now = at;
    slot.recording.append(address | 0, value);
    slot.activity = "engine";
    this.#order.set(core, at);
    this.#turn.horizon = Math.min(this.#turn.horizon, at);
  };
}

export function createModelMachine(description: ModelDescription): ModelMachine {
  return new Executor(description);
}

function retire(block: Int32Array, executed: number): void {
  const low = (block[RETIRED] + executed) | 0;
  block[RETIRED] = low;
  if (low >>> 0 < executed) block[RETIRED + 1] += 1;
}
