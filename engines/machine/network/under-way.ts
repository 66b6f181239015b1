// The frames of a capture that have arrived and not departed, by what they look like: they bear no stamp. Every kind of
// frame has a chain of its own, in the order of arrival.

import { FrameParts } from "./frame-parts.ts";
import { ENTRY, ENTRY_SHIFT, FAULTS, KIND, KIND_SHIFT, OUTSTANDING, PORT, RECORD, RECORD_SHIFT } from "./layout.ts";
import type { NetworkViews } from "./views.ts";

const LOCK = PORT.lock >> 2;
const OUTSTANDING_MASK = OUTSTANDING - 1;
const FREE = 0;
const HELD = 1;
const FOREIGN = FAULTS.indexOf("foreign");
const DUPLICATE = FAULTS.indexOf("duplicate");

/** Of the frames that arrive at one port. The hart that takes them and the one that sends them on may be two. */
export class FramesUnderWay {
  readonly #views: NetworkViews;
  readonly #lock: number;
  readonly #trace: number;
  readonly #traceFrames: number;
  readonly #outstanding: number;
  readonly #links: number;
  readonly #kinds: number;
  readonly #kindMask: number;
  readonly #original = new FrameParts();

  /** The block of the port where they arrive. */
  constructor(views: NetworkViews, block: number) {
    const word = (offset: number) => views.i32[(block + offset) >>> 2];
    this.#views = views;
    this.#lock = (block >>> 2) + LOCK;
    this.#trace = word(PORT.trace) >>> 0;
    this.#traceFrames = word(PORT.traceFrames);
    this.#outstanding = word(PORT.outstanding) >>> 0;
    this.#links = word(PORT.links) >>> 2;
    this.#kinds = word(PORT.kinds) >>> 0;
    this.#kindMask = word(PORT.kindMask);
  }

  /** Frame number `sequence` is taken. The one whose record it gets is forgotten. */
  take(sequence: number, entry: number, arrival: number): void {
    const { i32, f64 } = this.#views;
    const record = this.#recordOf(sequence);
    this.#enter();
    this.#forget((sequence - OUTSTANDING) | 0, record);
    f64[record >>> 3] = arrival;
    i32[(record + RECORD.sequence) >>> 2] = sequence;
    i32[(record + RECORD.entry) >>> 2] = entry;
    const kind = this.#kindOf(entry);
    const newest = i32[kind + (KIND.newest >> 2)];
    if (((newest - i32[kind + (KIND.oldest >> 2)]) | 0) < 0) i32[kind + (KIND.oldest >> 2)] = sequence;
    else i32[this.#links + (newest & OUTSTANDING_MASK)] = sequence;
    i32[kind + (KIND.newest >> 2)] = sequence;
    this.#leave();
  }

  /** Record of the oldest frame that looks like this one, or the complement of a fault. */
  find(sent: FrameParts): number {
    const { i32, u8, words } = this.#views;
    if (this.#traceFrames === 0) return ~FOREIGN;
    const hash = sent.hash(words);
    for (let place = hash & this.#kindMask; ; place = (place + 1) & this.#kindMask) {
      const kind = (this.#kinds + (place << KIND_SHIFT)) >>> 2;
      const example = i32[kind + (KIND.entry >> 2)];
      if (example < 0) return ~FOREIGN;
      if (i32[kind + (KIND.hash >> 2)] !== hash) continue;
      const entry = (this.#trace + (example << ENTRY_SHIFT)) >>> 2;
      this.#original.read(u8, i32[entry + (ENTRY.offset >> 2)] >>> 0, i32[entry + (ENTRY.bytes >> 2)]);
      if (this.#alike(sent, this.#original)) return this.#oldest(kind);
    }
  }

  /** The oldest one of a kind that is to be forwarded; only if there is none, one that is not. */
  #oldest(kind: number): number {
    const { i32 } = this.#views;
    this.#enter();
    const newest = i32[kind + (KIND.newest >> 2)];
    let found = ~DUPLICATE;
    let next: number;
    for (let sequence = i32[kind + (KIND.oldest >> 2)]; ((newest - sequence) | 0) >= 0; sequence = next) {
      const record = this.#recordOf(sequence);
      const entry = i32[(record + RECORD.entry) >>> 2];
      next = this.#after(sequence, newest);
      if (entry < 0) continue; // it has departed
      if (i32[(this.#trace + (entry << ENTRY_SHIFT) + ENTRY.forward) >>> 2] !== 0) {
        i32[kind + (KIND.oldest >> 2)] = next;
        found = record;
        break;
      }
      if (found < 0) found = record;
    }
    this.#leave();
    return found;
  }

  #forget(sequence: number, record: number): void {
    const { i32 } = this.#views;
    if (i32[(record + RECORD.sequence) >>> 2] !== sequence) return;
    const entry = i32[(record + RECORD.entry) >>> 2];
    const kind = this.#kindOf(entry < 0 ? ~entry : entry);
    // No frame of a chain is older than its first: whoever is forgotten is that one, or is in no chain any more.
    if (i32[kind + (KIND.oldest >> 2)] === sequence) i32[kind + (KIND.oldest >> 2)] = this.#after(sequence, i32[kind + (KIND.newest >> 2)]);
  }

  /** The one that follows in its chain; the chain is empty when that is beyond the newest. */
  #after(sequence: number, newest: number): number {
    return sequence === newest ? (newest + 1) | 0 : this.#views.i32[this.#links + (sequence & OUTSTANDING_MASK)];
  }

  #alike(left: FrameParts, right: FrameParts): boolean {
    const { words } = this.#views;
    const first = left.firstEnd - left.firstStart;
    const second = left.secondEnd - left.secondStart;
    return left.protocol === right.protocol && left.bytes === right.bytes
      && first === right.firstEnd - right.firstStart && second === right.secondEnd - right.secondStart
      && words.equal(left.firstStart, right.firstStart, first) === 1
      && words.equal(left.secondStart, right.secondStart, second) === 1;
  }

  #recordOf(sequence: number): number {
    return this.#outstanding + ((sequence & OUTSTANDING_MASK) << RECORD_SHIFT);
  }

  /** Index of its words. */
  #kindOf(entry: number): number {
    return this.#views.i32[(this.#trace + (entry << ENTRY_SHIFT) + ENTRY.kind) >>> 2] >>> 2;
  }

  #enter(): void {
    while (Atomics.compareExchange(this.#views.i32, this.#lock, FREE, HELD) !== FREE) Atomics.pause();
  }

  #leave(): void {
    Atomics.store(this.#views.i32, this.#lock, FREE);
  }
}
