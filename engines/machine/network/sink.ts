// What departs from a port is checked against what arrived at its peer, frame by frame: that it arrived, once, that
// its flow's order is kept, that nothing changed but what forwarding and NAT may change; and timed.

import type { Cycles, HostOffset } from "../address.ts";
import { GENERATED } from "./frame-words.ts";
import { FrameParts, headerChecksumHolds } from "./frame-parts.ts";
import {
  ENTRY, ENTRY_SHIFT, FAULTS, FIRST_HEADER_BYTES, FLOW, FLOW_SHIFT, LOGGED, LOGGED_HEADER_BYTES,
  OUTSTANDING, PORT, RECORD, RECORD_SHIFT, STAMP, STAMP_BYTES, STAMP_MARK,
} from "./layout.ts";
import { bucketOf } from "./latency.ts";
import { FramesUnderWay } from "./under-way.ts";
import type { NetworkViews } from "./views.ts";

const FORWARDED = PORT.forwarded >> 3;
const FORWARDED_BYTES = PORT.forwardedBytes >> 3;
const LATENCY_MAXIMUM = PORT.latencyMaximum >> 3;
const HISTOGRAM = PORT.histogram >> 3;
const FIRST_FAULT = PORT.firstFault >> 2;
const LOG_USED = PORT.logUsed >> 2;
const LOG_BYTES = PORT.logBytes >> 2;
const OUTSTANDING_MASK = OUTSTANDING - 1;
const STAMPED_BYTES = GENERATED.payload + STAMP_BYTES;

const FOREIGN = FAULTS.indexOf("foreign");
const DUPLICATE = FAULTS.indexOf("duplicate");
const CORRUPT = FAULTS.indexOf("corrupt");
const REORDERED = FAULTS.indexOf("reordered");
const FORBIDDEN = FAULTS.indexOf("forbidden");
const NONE = -1;

export class Sink {
  readonly #views: NetworkViews;
  /** Port block, as index of each view. */
  readonly #i: number;
  readonly #f: number;
  readonly #mark: number;
  readonly #trace: number;
  readonly #stamped: boolean;
  readonly #outstanding: number;
  readonly #flows: number;
  readonly #log: number;
  /** Of the port where the frames arrive that depart here. */
  readonly #underWay: FramesUnderWay;
  readonly #sent = new FrameParts();

  /** The blocks of the port and of its peer, and the peer's number. */
  constructor(views: NetworkViews, block: number, source: number, peer: number) {
    const word = (offset: number) => views.i32[(source + offset) >>> 2];
    this.#views = views;
    this.#i = block >>> 2;
    this.#f = block >>> 3;
    this.#mark = STAMP_MARK | (peer << 24);
    this.#trace = word(PORT.trace) >>> 0;
    this.#stamped = word(PORT.stamped) !== 0;
    this.#outstanding = word(PORT.outstanding) >>> 0;
    this.#flows = word(PORT.flows) >>> 0;
    this.#log = views.i32[(block + PORT.log) >>> 2] >>> 0;
    this.#underWay = new FramesUnderWay(views, source);
  }

  /** The frame at `frame` departs. */
  transmit(now: Cycles, frame: HostOffset, bytes: number): void {
    const { i32, f64 } = this.#views;
    if (i32[this.#i + LOG_USED] < i32[this.#i + LOG_BYTES]) this.#keep(now, frame, bytes);
    const record = this.#stamped ? this.#recordOfStamp(frame, bytes) : this.#recordOfKind(frame, bytes);
    if (record < 0) {
      this.#report(~record, frame, bytes);
      return;
    }
    const entryWord = (record + RECORD.entry) >>> 2;
    const entry = (this.#trace + (i32[entryWord] << ENTRY_SHIFT)) >>> 2;
    i32[entryWord] = ~i32[entryWord];
    let fault = this.#stamped ? this.#compareStamped(frame, bytes, entry) : this.#compareCaptured();
    if (fault === NONE && i32[entry + (ENTRY.forward >> 2)] === 0) fault = FORBIDDEN;
    if (fault === NONE) fault = this.#follow(frame, i32[entry + (ENTRY.flow >> 2)], i32[(record + RECORD.sequence) >>> 2]);
    if (fault !== NONE) {
      this.#report(fault, frame, bytes);
      return;
    }
    const f = this.#f;
    const latency = now - f64[record >>> 3];
    f64[f + FORWARDED] += 1;
    f64[f + FORWARDED_BYTES] += bytes;
    f64[f + HISTOGRAM + bucketOf(latency)] += 1;
    if (latency > f64[f + LATENCY_MAXIMUM]) f64[f + LATENCY_MAXIMUM] = latency;
  }

  /** Record of the frame that bears this stamp, or the complement of a fault. */
  #recordOfStamp(frame: number, bytes: number): number {
    const { i32, bytes: view } = this.#views;
    const at = frame + GENERATED.payload;
    if (bytes < STAMPED_BYTES || view.getInt32(at + STAMP.mark, true) !== this.#mark) return ~FOREIGN;
    const sequence = view.getInt32(at + STAMP.sequence, true);
    const record = this.#outstanding + ((sequence & OUTSTANDING_MASK) << RECORD_SHIFT);
    if (i32[(record + RECORD.sequence) >>> 2] !== sequence) return ~FOREIGN;
    return i32[(record + RECORD.entry) >>> 2] < 0 ? ~DUPLICATE : record;
  }

  #compareStamped(frame: number, bytes: number, entry: number): number {
    const { i32, words } = this.#views;
    if (bytes !== i32[entry + (ENTRY.bytes >> 2)]) return CORRUPT;
    return words.unchanged(frame, i32[entry + (ENTRY.offset >> 2)], bytes) === 1 ? NONE : CORRUPT;
  }

  #recordOfKind(frame: number, bytes: number): number {
    this.#sent.read(this.#views.u8, frame, bytes);
    return this.#underWay.find(this.#sent);
  }

  /** All else was the same when it was found. */
  #compareCaptured(): number {
    const { ipv4, ipv4End } = this.#sent;
    return ipv4 === 0 || headerChecksumHolds(this.#views.u8, ipv4, ipv4End) ? NONE : CORRUPT;
  }

  /** Order within the flow, and that every frame of it is rewritten alike. */
  #follow(frame: number, flowNumber: number, sequence: number): number {
    const { i32, bytes: view } = this.#views;
    const flow = (this.#flows + (flowNumber << FLOW_SHIFT)) >>> 2;
    const addresses = this.#stamped ? frame + GENERATED.source : this.#sent.addressBytes === 4 ? this.#sent.addresses : 0;
    const ports = this.#stamped ? frame + GENERATED.udp : this.#sent.ports;
    const source = addresses === 0 ? 0 : view.getInt32(addresses, true);
    const destination = addresses === 0 ? 0 : view.getInt32(addresses + 4, true);
    const pair = ports === 0 ? 0 : view.getInt32(ports, true);
    const order = (sequence - i32[flow + (FLOW.sequence >> 2)]) | 0;
    if (i32[flow + (FLOW.seen >> 2)] === 0) {
      i32[flow + (FLOW.seen >> 2)] = 1;
      i32[flow + (FLOW.source >> 2)] = source;
      i32[flow + (FLOW.destination >> 2)] = destination;
      i32[flow + (FLOW.ports >> 2)] = pair;
    } else if (i32[flow + (FLOW.source >> 2)] !== source || i32[flow + (FLOW.destination >> 2)] !== destination || i32[flow + (FLOW.ports >> 2)] !== pair) {
      return CORRUPT;
    } else if (order <= 0) {
      return REORDERED;
    }
    i32[flow + (FLOW.sequence >> 2)] = sequence;
    return NONE;
  }

  #report(fault: number, frame: number, bytes: number): void {
    const { i32, u8 } = this.#views;
    i32[this.#i + (PORT.faults >> 2) + fault] += 1;
    if (i32[this.#i + FIRST_FAULT] !== 0) return;
    i32[this.#i + FIRST_FAULT] = fault + 1;
    i32[this.#i + (PORT.firstBytes >> 2)] = bytes;
    const header = (this.#i << 2) + PORT.firstHeader;
    for (let at = 0; at < FIRST_HEADER_BYTES; at++) u8[header + at] = at < bytes ? u8[frame + at] : 0;
  }

  /** Appends the frame to the log; the first that does not fit ends it. */
  #keep(now: Cycles, frame: number, bytes: number): void {
    const { i32, f64, words } = this.#views;
    const used = i32[this.#i + LOG_USED];
    const room = LOGGED_HEADER_BYTES + ((bytes + 7) & ~7);
    if (used + room > i32[this.#i + LOG_BYTES]) {
      i32[this.#i + LOG_BYTES] = used;
      return;
    }
    const at = this.#log + used;
    f64[(at + LOGGED.departure) >>> 3] = now;
    i32[(at + LOGGED.bytes) >>> 2] = bytes;
    words.copy(at + LOGGED_HEADER_BYTES, frame, bytes);
    i32[this.#i + LOG_USED] = used + room;
  }
}
