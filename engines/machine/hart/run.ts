// Executing a hart on the wall clock: one thread each, slice after slice, until it is told to stop.

import { setFlagsFromString } from "node:v8";

import { cycles, ticks, type Cycles, type HartId } from "../address.ts";
import { cyclesToTicks, ticksToCycles } from "../clock.ts";
import { CONTINUE, CONTROL, CONTROL_COMMAND, CONTROL_OFFSET, HART, HART_STOPPED } from "../layout.ts";
import type { Machine } from "../machine.ts";
import { executesGuest, wakes } from "./interrupts.ts";
import { requestAttention, signal } from "./signal.ts";
import { NO_SLICE, type HartState } from "./state.ts";
import { takeInterrupt } from "./trap.ts";
import { enterFromEngine } from "./trap-return.ts";

// An exit is a path through a few dozen small functions, of the hart and of its engine. V8's limits on what it inlines
// would leave most of them calls, with numbers above 2^31 boxed at each: a fifth of the cost of an exit.
setFlagsFromString("--max-inlined-bytecode-size-cumulative=5000");
setFlagsFromString("--max-inlined-bytecode-size-small=60");

const ATTENTION_WORD = HART.attention >> 2;
const SLEEPING = HART.sleeping >> 2;
const REACHED = HART.acknowledged >> 2;
const WAITING = HART.waiting >> 2;
const FUEL = HART.fuel >> 2;
const SLICE = HART.slice >> 2;
const RETIRED = HART.retired >> 2;
const COMMAND = (CONTROL_OFFSET + CONTROL.command) >> 2;
const ACKNOWLEDGED = (CONTROL_OFFSET + CONTROL.acknowledged) >> 2;
const SEQUENCE = (CONTROL_OFFSET + CONTROL.sequence) >> 2;
const HARTS = (CONTROL_OFFSET + CONTROL.harts) >> 2;
const READY = (CONTROL_OFFSET + CONTROL.ready) >> 2;
const PRESENT = (CONTROL_OFFSET + CONTROL.present) >> 2;
const BOOTED = (CONTROL_OFFSET + CONTROL.booted) >> 2;

/** Instructions in a slice with no deadline in sight, and in the shortest before one. */
const LONGEST_SLICE = 200_000;
const SHORTEST_SLICE = 2_000;
/** Devices are looked after no more often than this: as a NIC that moderates its interrupts. */
const DEVICE_INTERVAL = cycles(4_000);
/** Part of the estimated time to a deadline that a slice may take. */
const APPROACH = 0.9;
/** Instructions per cycle expected of a hart not yet measured; weight of each new measurement. */
const INITIAL_SPEED = 0.1;
const SPEED_WEIGHT = 0.25;
/** A wait shorter than this spins: waking a sleeping thread takes about as long. */
const SPIN = cycles(100_000);
const CYCLES_PER_MILLISECOND = 1e6;
/** An engine that waits for another hart spins for so many rounds (tens of microseconds), then naps, and so on. */
const ROUNDS_OF_SPINNING = 1000;
const NAP_MILLISECONDS = 0.02;

/** Told, on the hart's own thread, when the machine begins to run and when it has paused. */
export interface RunObserver {
  running(): void;
  paused(): void;
}

/** The machine was stopped while an engine waited for another hart: unwinds the engine. */
class SwitchedOff extends Error {}

/**
 * Boots (on hart 0), starts and executes hart `id` of `machine`, on the calling thread, until its engine halts it
 * or a "stop" command arrives. If the engine throws, the whole machine stops and the error comes out here.
 */
export function runHart(machine: Machine, id: HartId, observer?: RunObserver): void {
  const state = machine.state(id);
  const { i32 } = state;
  try {
    state.relax = () => relax(state, observer);
    if (startHart(machine, state)) execute(machine, state, observer);
  } catch (error) {
    if (error instanceof SwitchedOff) return;
    Atomics.store(i32, COMMAND, CONTROL_COMMAND.stop);
    Atomics.add(i32, SEQUENCE, 1);
    signalAll(i32);
    throw error;
  } finally {
    acknowledge(state, HART_STOPPED);
  }
}

/** Boots and starts the engine on this hart. Answers whether to go on. */
function startHart(machine: Machine, state: HartState): boolean {
  const { i32, block } = state;
  Atomics.add(i32, PRESENT, 1);
  if (state.id === 0) {
    machine.software.boot(state.hart);
    Atomics.store(i32, BOOTED, 1);
  }
  signalAll(i32);
  // No hart starts while another could still lose, by its reset, an interrupt sent to it.
  while (Atomics.load(i32, BOOTED) === 0 || Atomics.load(i32, PRESENT) < Atomics.load(i32, HARTS)) {
    if (Atomics.load(i32, COMMAND) === CONTROL_COMMAND.stop) return false;
    sleep(state);
    Atomics.store(block, ATTENTION_WORD, 0);
  }
  machine.software.start(state.hart);
  enterFromEngine(state);
  requestAttention(block);
  Atomics.add(i32, READY, 1);
  Atomics.notify(i32, READY);
  return true;
}

function execute(machine: Machine, state: HartState, observer: RunObserver | undefined): void {
  const { block, timers, clock, devices } = state;
  let speed = INITIAL_SPEED;
  while (!state.halted) {
    if (Atomics.load(block, ATTENTION_WORD) !== 0) {
      Atomics.store(block, ATTENTION_WORD, 0);
      if (!obey(state, observer)) return;
      timers.reload();
    }
    const now = clock.now();
    if (timers.next !== Infinity) timers.update(cyclesToTicks(now));
    devices.poll(state.id, now);
    if (takeInterrupt(state) !== CONTINUE) continue;
    if (block[WAITING] === 0) speed = runSlice(machine, state, speed, now);
    else if (executesGuest(state) && wakes(state)) block[WAITING] = 0;
    else sleepUntil(state, cycles(Math.min(ticksToCycles(ticks(timers.next)), devices.nextEvent(state.id))));
  }
}

/** A round of the engine's waiting for another hart, which may be pausing with all others. */
function relax(state: HartState, observer: RunObserver | undefined): void {
  const { block } = state;
  if (Atomics.load(block, ATTENTION_WORD) === 0) {
    Atomics.pause();
    // The other's thread may be waiting for this one's processor.
    if (++state.relaxed % ROUNDS_OF_SPINNING === 0) nap(state);
    return;
  }
  Atomics.store(block, ATTENTION_WORD, 0);
  if (!obey(state, observer)) throw new SwitchedOff();
  // Who else asked for attention gets it when the engine returns.
  requestAttention(block);
}

/** Sleeps for a moment, or until attention is asked for. */
function nap(state: HartState): void {
  const { block } = state;
  Atomics.store(block, SLEEPING, 1);
  Atomics.wait(block, ATTENTION_WORD, 0, NAP_MILLISECONDS);
  Atomics.store(block, SLEEPING, 0);
}

/** Takes up the machine's command; a paused hart waits here. Answers whether to go on. */
function obey(state: HartState, observer: RunObserver | undefined): boolean {
  const { i32, block } = state;
  for (;;) {
    const sequence = Atomics.load(i32, SEQUENCE);
    const command = Atomics.load(i32, COMMAND);
    if (command === CONTROL_COMMAND.stop) return false;
    if (state.paused !== (command === CONTROL_COMMAND.pause)) {
      state.paused = !state.paused;
      if (state.paused) observer?.paused();
      else observer?.running();
    }
    if (Atomics.load(block, REACHED) !== sequence) acknowledge(state, sequence);
    if (!state.paused) return true;
    sleep(state);
    Atomics.store(block, ATTENTION_WORD, 0);
  }
}

/** Runs the guest for one slice from `now` on. Returns the new estimate of its speed. */
function runSlice(machine: Machine, state: HartState, speed: number, now: Cycles): number {
  const { block, timers, clock } = state;
  let slice = LONGEST_SLICE;
  if (timers.next !== Infinity) {
    const remaining = ticksToCycles(ticks(timers.next)) - now;
    slice = Math.max(SHORTEST_SLICE, Math.min(LONGEST_SLICE, Math.floor(remaining * APPROACH * speed)));
  }
  const event = state.devices.nextEvent(state.id);
  if (event !== Infinity) {
    const remaining = Math.max(event - now, DEVICE_INTERVAL);
    slice = Math.min(slice, Math.max(SHORTEST_SLICE, Math.floor(remaining * speed)));
  }
  block[FUEL] = slice;
  block[SLICE] = slice;
  state.horizon = timers.next;
  machine.core.run(state.base);
  state.horizon = NO_SLICE;
  const executed = slice - block[FUEL];
  block[FUEL] = 0;
  block[SLICE] = 0;
  retire(block, executed);
  if (executed < SHORTEST_SLICE) return speed;
  const elapsed = clock.now() - now;
  return elapsed > 0 ? speed + (executed / elapsed - speed) * SPEED_WEIGHT : speed;
}

function retire(block: Int32Array, executed: number): void {
  const low = (block[RETIRED] + executed) | 0;
  block[RETIRED] = low;
  if (low >>> 0 < executed) block[RETIRED + 1] += 1;
}

/** Sleeps until attention is asked for. */
function sleep(state: HartState): void {
  sleepUntil(state, cycles(Infinity));
}

/** Sleeps until attention is asked for or, about, `deadline`. */
function sleepUntil(state: HartState, deadline: Cycles): void {
  const { block, clock } = state;
  const remaining = deadline - clock.now();
  if (remaining > SPIN) {
    const begun = clock.now();
    Atomics.store(block, SLEEPING, 1);
    Atomics.wait(block, ATTENTION_WORD, 0, (remaining - SPIN) / CYCLES_PER_MILLISECOND);
    Atomics.store(block, SLEEPING, 0);
    state.slept += clock.now() - begun;
    return;
  }
  while (Atomics.load(block, ATTENTION_WORD) === 0 && clock.now() < deadline) Atomics.pause();
}

function acknowledge(state: HartState, sequence: number): void {
  const { i32, block } = state;
  Atomics.store(block, REACHED, sequence);
  Atomics.add(i32, ACKNOWLEDGED, 1);
  Atomics.notify(i32, ACKNOWLEDGED);
}

function signalAll(i32: Int32Array): void {
  const harts = Atomics.load(i32, HARTS);
  for (let hart = 0; hart < harts; hart++) signal(i32, hart);
}
