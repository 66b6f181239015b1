// Steering a machine from outside: the thread that made it tells its harts to run, pause or stop.

import { CONTROL, CONTROL_COMMAND, CONTROL_OFFSET, HART, HART_STOPPED } from "./layout.ts";
import { hartBlock, type PhysicalMemory } from "./memory.ts";
import { signal } from "./hart/signal.ts";

const COMMAND = (CONTROL_OFFSET + CONTROL.command) >> 2;
const ACKNOWLEDGED = (CONTROL_OFFSET + CONTROL.acknowledged) >> 2;
const SEQUENCE = (CONTROL_OFFSET + CONTROL.sequence) >> 2;
const HARTS = (CONTROL_OFFSET + CONTROL.harts) >> 2;
const READY = (CONTROL_OFFSET + CONTROL.ready) >> 2;

export type Command = keyof typeof CONTROL_COMMAND;

/** Gives every hart of the machine a command. A machine starts paused; stopped harts never run again. */
export function command(memory: PhysicalMemory, name: Command): void {
  const { i32 } = memory;
  Atomics.store(i32, COMMAND, CONTROL_COMMAND[name]);
  Atomics.add(i32, SEQUENCE, 1);
  const harts = Atomics.load(i32, HARTS);
  for (let hart = 0; hart < harts; hart++) signal(i32, hart);
}

/** Resolves once every hart has taken up the last command given, or has stopped for good. */
export async function whenAcknowledged(memory: PhysicalMemory): Promise<void> {
  const { i32 } = memory;
  for (;;) {
    const seen = Atomics.load(i32, ACKNOWLEDGED);
    if (allHarts(i32, Atomics.load(i32, SEQUENCE))) return;
    await changed(i32, ACKNOWLEDGED, seen);
  }
}

/** Resolves once the engine has booted and started on every hart: all wait for the first "run". */
export async function whenReady(memory: PhysicalMemory): Promise<void> {
  const { i32 } = memory;
  for (;;) {
    const ready = Atomics.load(i32, READY);
    if (ready === Atomics.load(i32, HARTS)) return;
    await changed(i32, READY, ready);
  }
}

/** Whether `hart` has left for good: halted by its engine, stopped by command, or failed. */
export function isStopped(memory: PhysicalMemory, hart: number): boolean {
  return Atomics.load(memory.i32, (hartBlock(hart) + HART.acknowledged) >> 2) === HART_STOPPED;
}

function allHarts(i32: Int32Array, sequence: number): boolean {
  const harts = Atomics.load(i32, HARTS);
  for (let hart = 0; hart < harts; hart++) {
    const reached = Atomics.load(i32, (hartBlock(hart) + HART.acknowledged) >> 2);
    if (reached !== sequence && reached !== HART_STOPPED) return false;
  }
  return true;
}

async function changed(i32: Int32Array, index: number, from: number): Promise<void> {
  const outcome = Atomics.waitAsync(i32, index, from);
  if (outcome.async) await outcome.value;
}
