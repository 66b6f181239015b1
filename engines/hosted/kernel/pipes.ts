// Pipes: bytes from one host process to another by way of a ring in kernel memory. A pipe has one process that writes it and
// one that reads it, for good. Who finds nothing to read, or no room, sleeps, and makes its call anew when the other has
// moved something or has ended.

import { physical, type PhysicalAddress } from "../../machine/address.ts";
import type { CoreMemory } from "../../machine/hart/core-memory.ts";
import type { Hart } from "../../machine/hart/hart.ts";
import { RAM_BASE } from "../../machine/layout.ts";
import type { Exclusion } from "../../locks/exclusion.ts";
import { A0, A1, A2 } from "../../sbi/numbers.ts";
import type { Processors } from "../../smp/processors.ts";
import { field, loadAddress, NONE } from "../../state/words.ts";
import { machineOf } from "../../vcpu/record.ts";
import { VM } from "../../virtual-machine/record.ts";
import type { HostedLayout } from "../layout.ts";
import { ERROR } from "../system-calls.ts";
import { WAKE_UP } from "./devices.ts";
import { PIPE, PIPE_CAPACITY } from "./pipe-record.ts";

interface End {
  /** Of PIPE. */
  readonly own: number;
  readonly peer: number;
  readonly waits: number;
  readonly peerWaits: number;
}
const READING: End = { own: PIPE.reader, peer: PIPE.writer, waits: PIPE.readerWaits, peerWaits: PIPE.writerWaits };
const WRITING: End = { own: PIPE.writer, peer: PIPE.reader, waits: PIPE.writerWaits, peerWaits: PIPE.readerWaits };

/** Gives a thread its ends, at boot. */
export function writePipeEnds(memory: CoreMemory, layout: HostedLayout, { writes, reads }: { readonly writes: number; readonly reads: number }, thread: PhysicalAddress): void {
  memory.store(field(layout.pipe(writes), PIPE.writer), thread);
  memory.store(field(layout.pipe(reads), PIPE.reader), thread);
}

export class Pipes {
  readonly #count: number;
  readonly #layout: HostedLayout;
  readonly #processors: Processors;
  readonly #exclusion: Exclusion;

  constructor(count: number, layout: HostedLayout, processors: Processors, exclusion: Exclusion) {
    this.#count = count;
    this.#layout = layout;
    this.#processors = processors;
    this.#exclusion = exclusion;
  }

  /** A process calls: as many of a2 bytes as there is room for go from a1, in its memory, into pipe a0. */
  write(hart: Hart, thread: PhysicalAddress): void {
    this.#move(hart, thread, WRITING);
  }

  /** As many of a2 bytes as there are go from pipe a0 to a1; none where the writer has ended. */
  read(hart: Hart, thread: PhysicalAddress): void {
    this.#move(hart, thread, READING);
  }

  /** The process on this hart ends, and whoever waits at the other end of a pipe of its learns that. */
  close(hart: Hart): void {
    if (this.#count === 0) return;
    const thread = this.#processors.current(hart);
    for (let number = 0; number < this.#count; number++) {
      this.#closeEnd(hart, thread, this.#layout.pipe(number), READING);
      this.#closeEnd(hart, thread, this.#layout.pipe(number), WRITING);
    }
  }

  #move(hart: Hart, thread: PhysicalAddress, end: End): void {
    if (this.#count === 0) return answer(hart, ERROR.badEnd);
    const { memory } = hart;
    const number = hart.xNumber(A0);
    const bytes = hart.xNumber(A2);
    if (number >= this.#count) return answer(hart, ERROR.badEnd);
    const pipe = this.#layout.pipe(number);
    // Its own end only it changes.
    if (loadAddress(memory, field(pipe, end.own)) !== thread) return answer(hart, ERROR.badEnd);
    if (bytes === 0) return answer(hart, ERROR.invalid);
    const at = bufferIn(memory, machineOf(memory, thread), hart.xNumber(A1), bytes);
    if (at === NONE) return answer(hart, ERROR.fault);
    this.#exclusion.acquire(hart, field(pipe, PIPE.lock));
    const peer = loadAddress(memory, field(pipe, end.peer));
    const broken = end === WRITING && peer === NONE;
    const moved = broken ? 0 : end === WRITING ? put(memory, pipe, at, bytes) : take(memory, pipe, at, bytes);
    const waits = moved === 0 && peer !== NONE;
    memory.store(field(pipe, end.waits), waits ? 1 : 0);
    const wakes = moved > 0 && memory.load(field(pipe, end.peerWaits)) !== 0;
    if (wakes) memory.store(field(pipe, end.peerWaits), 0);
    this.#exclusion.release(hart, field(pipe, PIPE.lock));
    if (waits) return this.#processors.suspend(hart);
    answer(hart, broken ? ERROR.brokenPipe : moved);
    if (!wakes) return;
    this.#processors.raise(hart, peer, WAKE_UP);
    this.#processors.preempt(hart);
  }

  #closeEnd(hart: Hart, thread: PhysicalAddress, pipe: PhysicalAddress, end: End): void {
    const { memory } = hart;
    if (loadAddress(memory, field(pipe, end.own)) !== thread) return;
    this.#exclusion.acquire(hart, field(pipe, PIPE.lock));
    const peer = loadAddress(memory, field(pipe, end.peer));
    memory.store(field(pipe, end.own), NONE);
    memory.store(field(pipe, end.waits), 0);
    const wakes = memory.load(field(pipe, end.peerWaits)) !== 0;
    memory.store(field(pipe, end.peerWaits), 0);
    this.#exclusion.release(hart, field(pipe, PIPE.lock));
    if (wakes) this.#processors.raise(hart, peer, WAKE_UP);
  }
}

/** The call has been served: the process goes on behind it. */
function answer(hart: Hart, value: number): void {
  hart.advance();
  hart.setX(A0, value, value >> 31);
}

/** Where [address, address + bytes) of a process's memory lies, or NONE if not all of it is its own. */
function bufferIn(memory: CoreMemory, process: PhysicalAddress, address: number, bytes: number): PhysicalAddress {
  const offset = address - RAM_BASE;
  const inside = offset >= 0 && offset + bytes <= memory.loadNumber(field(process, VM.ramBytes));
  return inside ? physical(memory.loadNumber(field(process, VM.ram)) + offset) : NONE;
}

/** Under the pipe's lock. Answers how many bytes there was room for. */
function put(memory: CoreMemory, pipe: PhysicalAddress, from: PhysicalAddress, bytes: number): number {
  const held = memory.load(field(pipe, PIPE.held));
  const moved = Math.min(bytes, PIPE_CAPACITY - held);
  if (moved === 0) return 0;
  const at = (memory.load(field(pipe, PIPE.first)) + held) % PIPE_CAPACITY;
  const before = Math.min(moved, PIPE_CAPACITY - at);
  memory.copy(field(pipe, PIPE.ring + at), from, before);
  if (moved > before) memory.copy(field(pipe, PIPE.ring), field(from, before), moved - before);
  memory.store(field(pipe, PIPE.held), held + moved);
  return moved;
}

/** Under the pipe's lock. Answers how many bytes there were. */
function take(memory: CoreMemory, pipe: PhysicalAddress, to: PhysicalAddress, bytes: number): number {
  const held = memory.load(field(pipe, PIPE.held));
  const moved = Math.min(bytes, held);
  if (moved === 0) return 0;
  const at = memory.load(field(pipe, PIPE.first));
  const before = Math.min(moved, PIPE_CAPACITY - at);
  memory.copy(to, field(pipe, PIPE.ring + at), before);
  if (moved > before) memory.copy(field(to, before), field(pipe, PIPE.ring), moved - before);
  memory.store(field(pipe, PIPE.first), (at + moved) % PIPE_CAPACITY);
  memory.store(field(pipe, PIPE.held), held - moved);
  return moved;
}
