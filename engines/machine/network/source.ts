// What arrives at a port: a trace replayed in a cycle, one frame every so often or as fast as buffers are given.
// Frames wait in the port's FIFO; one that finds it full is lost, as on a NIC that the host does not serve in time.

import { cycles, type Cycles, type HostOffset } from "../address.ts";
import {
  ENTRY, ENTRY_SHIFT, OFFER, OUTSTANDING, PORT, RECORD, RECORD_SHIFT, STAMP, STAMP_MARK,
} from "./layout.ts";
import { GENERATED } from "./frame-words.ts";
import { FramesUnderWay } from "./under-way.ts";
import type { NetworkViews } from "./views.ts";

const START = PORT.start >> 3;
const FIRST = PORT.first >> 3;
const INTERVAL = PORT.interval >> 3;
const ARRIVED = PORT.arrived >> 3;
const DUE = PORT.due >> 3;
const TAKEN = PORT.taken >> 3;
const TAKEN_BYTES = PORT.takenBytes >> 3;
const TAKEN_FORWARD = PORT.takenForward >> 3;
const DROPPED = PORT.dropped >> 3;
const DROPPED_FORWARD = PORT.droppedForward >> 3;
const ASKED_INTERVAL = PORT.askedInterval >> 3;
const ASKED = PORT.asked >> 2;
const OBEYED = PORT.obeyed >> 2;
const ASKED_OFFER = PORT.askedOffer >> 2;
const OFFERED = PORT.offer >> 2;
const POSITION = PORT.position >> 2;
const FIFO_HEAD = PORT.fifoHead >> 2;
const FIFO_COUNT = PORT.fifoCount >> 2;
const OUTSTANDING_MASK = OUTSTANDING - 1;

export class Source {
  readonly #views: NetworkViews;
  /** Port block, as index of each view. */
  readonly #i: number;
  readonly #f: number;
  readonly #mark: number;
  readonly #fifo: number;
  readonly #fifoFrames: number;
  readonly #trace: number;
  readonly #traceFrames: number;
  readonly #stamped: boolean;
  readonly #outstanding: number;
  readonly #underWay: FramesUnderWay;

  constructor(views: NetworkViews, block: number, port: number) {
    const word = (offset: number) => views.i32[(block + offset) >>> 2];
    this.#views = views;
    this.#i = block >>> 2;
    this.#f = block >>> 3;
    this.#mark = STAMP_MARK | (port << 24);
    this.#fifo = word(PORT.fifo) >>> 0;
    this.#fifoFrames = word(PORT.fifoFrames);
    this.#trace = word(PORT.trace) >>> 0;
    this.#traceFrames = word(PORT.traceFrames);
    this.#stamped = word(PORT.stamped) !== 0;
    this.#outstanding = word(PORT.outstanding) >>> 0;
    this.#underWay = new FramesUnderWay(views, block);
  }

  /** When there is something to receive: at that time or, if it has passed, at once. */
  nextArrival(): Cycles {
    const { i32, f64 } = this.#views;
    if (i32[this.#i + FIFO_COUNT] !== 0 || i32[this.#i + OFFERED] === OFFER.asTaken || i32[this.#i + ASKED] !== i32[this.#i + OBEYED]) return cycles(0);
    return cycles(f64[this.#f + DUE]);
  }

  /** Puts the next frame that has arrived where `target` is. Answers its bytes; 0: none has arrived. */
  receive(now: Cycles, target: HostOffset, capacity: number): number {
    const { i32, f64 } = this.#views;
    const i = this.#i;
    if (Atomics.load(i32, i + ASKED) !== i32[i + OBEYED]) this.#obey(now);
    if (i32[i + OFFERED] === OFFER.asTaken) {
      f64[this.#f + ARRIVED] += 1;
      return this.#take(now, this.#nextEntry(), target, capacity);
    }
    if (now >= f64[this.#f + DUE]) this.#arrive(now);
    const count = i32[i + FIFO_COUNT];
    if (count === 0) return 0;
    const head = i32[i + FIFO_HEAD];
    const record = this.#fifo + (head << RECORD_SHIFT);
    i32[i + FIFO_HEAD] = head + 1 === this.#fifoFrames ? 0 : head + 1;
    i32[i + FIFO_COUNT] = count - 1;
    return this.#take(f64[record >>> 3], i32[(record + RECORD.entry) >>> 2], target, capacity);
  }

  /** Nobody gives buffers, but time passes: what finds the FIFO full by `now` is lost. */
  pass(now: Cycles): void {
    if (now >= this.#views.f64[this.#f + DUE]) this.#arrive(now);
  }

  /** Takes up what was asked for. Frames that have arrived by now have arrived; those that wait, wait on. */
  #obey(now: Cycles): void {
    const { i32, f64 } = this.#views;
    const i = this.#i;
    const f = this.#f;
    if (now >= f64[f + DUE]) this.#arrive(now);
    const offer = this.#traceFrames === 0 ? OFFER.nothing : i32[i + ASKED_OFFER];
    i32[i + OBEYED] = i32[i + ASKED];
    i32[i + OFFERED] = offer;
    f64[f + START] = now;
    f64[f + FIRST] = f64[f + ARRIVED];
    f64[f + INTERVAL] = f64[f + ASKED_INTERVAL];
    f64[f + DUE] = offer === OFFER.rate ? now : Infinity;
  }

  /** The frames due by `now` arrive: first those that the FIFO has room for, the others are lost. */
  #arrive(now: number): void {
    const { i32, f64 } = this.#views;
    const i = this.#i;
    const f = this.#f;
    const interval = f64[f + INTERVAL];
    const start = f64[f + START];
    const first = f64[f + FIRST];
    let arrived = f64[f + ARRIVED];
    let due = f64[f + DUE];
    let count = i32[i + FIFO_COUNT];
    let tail = i32[i + FIFO_HEAD] + count;
    if (tail >= this.#fifoFrames) tail -= this.#fifoFrames;
    for (; due <= now && count < this.#fifoFrames; count++) {
      const record = this.#fifo + (tail << RECORD_SHIFT);
      f64[record >>> 3] = due;
      i32[(record + RECORD.entry) >>> 2] = this.#nextEntry();
      if (++tail === this.#fifoFrames) tail = 0;
      arrived += 1;
      due = start + (arrived - first) * interval;
    }
    i32[i + FIFO_COUNT] = count;
    if (due <= now) {
      const lost = Math.floor((now - due) / interval) + 1;
      this.#lose(lost);
      arrived += lost;
      due = start + (arrived - first) * interval;
    }
    f64[f + ARRIVED] = arrived;
    f64[f + DUE] = due;
  }

  #nextEntry(): number {
    const { i32 } = this.#views;
    const entry = i32[this.#i + POSITION];
    i32[this.#i + POSITION] = entry + 1 === this.#traceFrames ? 0 : entry + 1;
    return entry;
  }

  /** So many entries of the trace go by. */
  #lose(frames: number): void {
    const { i32, f64 } = this.#views;
    const from = i32[this.#i + POSITION];
    const to = (from + frames) % this.#traceFrames;
    const rounds = (from + frames - to) / this.#traceFrames;
    f64[this.#f + DROPPED] += frames;
    f64[this.#f + DROPPED_FORWARD] += rounds * this.#forwardBefore(this.#traceFrames) + this.#forwardBefore(to) - this.#forwardBefore(from);
    i32[this.#i + POSITION] = to;
  }

  /** How many of the trace's first `entries` are to be forwarded. */
  #forwardBefore(entries: number): number {
    return this.#views.i32[(this.#trace + (entries << ENTRY_SHIFT) + ENTRY.forwardBefore) >>> 2];
  }

  #take(arrival: number, entry: number, target: HostOffset, capacity: number): number {
    const { i32, f64, words } = this.#views;
    const f = this.#f;
    const at = (this.#trace + (entry << ENTRY_SHIFT)) >>> 2;
    const bytes = i32[at + (ENTRY.bytes >> 2)];
    const forward = i32[at + (ENTRY.forward >> 2)];
    if (bytes > capacity) {
      f64[f + DROPPED] += 1;
      f64[f + DROPPED_FORWARD] += forward;
      return 0;
    }
    words.copy(target, i32[at + (ENTRY.offset >> 2)], bytes);
    // Losses are not numbered: however many there are, they do not bring OUTSTANDING round while a frame is under way.
    const sequence = f64[f + TAKEN] | 0;
    if (this.#stamped) this.#stamp(sequence, entry, arrival, target);
    else this.#underWay.take(sequence, entry, arrival);
    f64[f + TAKEN] += 1;
    f64[f + TAKEN_BYTES] += bytes;
    f64[f + TAKEN_FORWARD] += forward;
    return bytes;
  }

  #stamp(sequence: number, entry: number, arrival: number, target: HostOffset): void {
    const { i32, f64, bytes: view } = this.#views;
    view.setInt32(target + GENERATED.payload + STAMP.mark, this.#mark, true);
    view.setInt32(target + GENERATED.payload + STAMP.sequence, sequence, true);
    const record = this.#outstanding + ((sequence & OUTSTANDING_MASK) << RECORD_SHIFT);
    f64[record >>> 3] = arrival;
    i32[(record + RECORD.sequence) >>> 2] = sequence;
    i32[(record + RECORD.entry) >>> 2] = entry;
  }
}
