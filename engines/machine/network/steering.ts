// The wire as whoever measures steers and reads it, while the machine is paused.

import type { HostOffset } from "../address.ts";
import type { PhysicalMemory } from "../memory.ts";
import {
  ENTRY, ENTRY_SHIFT, type Fault, FAULTS, FIRST_HEADER_BYTES, FLOW, FLOW_SHIFT, LOGGED, LOGGED_HEADER_BYTES, OFFER, PORT, WIRE,
} from "./layout.ts";
import { HISTOGRAM_BUCKETS } from "./latency.ts";
import { peerOf, portBlock } from "./wire.ts";

/** Of so many frames expected to depart, not one will be missing by chance. */
const MANY_FRAMES = 50;

/** Frames per second for each port; or the next frame whenever there is a buffer for one. */
export type Offered = number | "as-taken";

export interface PortReading {
  /** Of the frames that arrived: those the machine took, and those that found the FIFO full. Both: of these, to be forwarded. */
  readonly taken: number;
  readonly takenForward: number;
  readonly dropped: number;
  readonly droppedForward: number;
  /** Waiting in the FIFO. */
  readonly waiting: number;
  /** Good frames that departed from this port, their bytes, and the time from arrival to departure in nanoseconds. */
  readonly forwarded: number;
  readonly forwardedBytes: number;
  readonly latency: { readonly counts: Float64Array; readonly maximum: number };
  /** Frames that departed from this port and were wrong. */
  readonly faults: Readonly<Record<Fault, number>>;
  /** Flows of which frames to be forwarded arrived at this port and none departed, though many would have, had it been
   *  with them as with the others. */
  readonly silentFlows: number;
  readonly firstFault: { readonly fault: Fault; readonly bytes: number; readonly header: Uint8Array } | undefined;
}

export interface LoggedFrame {
  readonly port: number;
  /** Nanoseconds of the machine's time. */
  readonly departure: number;
  readonly bytes: Uint8Array;
}

export const portsOf = (memory: PhysicalMemory, base: HostOffset): number => memory.i32[(base + WIRE.ports) >>> 2];

/** From the source's next turn on. */
export function offer(memory: PhysicalMemory, base: HostOffset, port: number, offered: Offered): void {
  const { i32 } = memory;
  const block = portBlock(base, port);
  new Float64Array(memory.wasm.buffer)[(block + PORT.askedInterval) >>> 3] = offered === "as-taken" || offered === 0 ? Infinity : 1e9 / offered;
  i32[(block + PORT.askedOffer) >>> 2] = offered === "as-taken" ? OFFER.asTaken : offered === 0 ? OFFER.nothing : OFFER.rate;
  Atomics.add(i32, (block + PORT.asked) >>> 2, 1);
}

export function readPort(memory: PhysicalMemory, base: HostOffset, port: number): PortReading {
  const { i32 } = memory;
  const f64 = new Float64Array(memory.wasm.buffer);
  const block = portBlock(base, port);
  const double = (offset: number) => f64[(block + offset) >>> 3];
  const word = (offset: number) => i32[(block + offset) >>> 2];
  const first = word(PORT.firstFault);
  const histogram = (block + PORT.histogram) >>> 3;
  return {
    taken: double(PORT.taken), takenForward: double(PORT.takenForward),
    dropped: double(PORT.dropped), droppedForward: double(PORT.droppedForward),
    waiting: word(PORT.fifoCount),
    forwarded: double(PORT.forwarded), forwardedBytes: double(PORT.forwardedBytes),
    latency: { counts: f64.slice(histogram, histogram + HISTOGRAM_BUCKETS), maximum: double(PORT.latencyMaximum) },
    faults: Object.fromEntries(FAULTS.map((fault, number) => [fault, word(PORT.faults + 4 * number)])) as Record<Fault, number>,
    silentFlows: countSilentFlows(memory, block, portBlock(base, peerOf(port, portsOf(memory, base)))),
    firstFault: first === 0 ? undefined : {
      fault: FAULTS[first - 1], bytes: word(PORT.firstBytes),
      header: memory.u8.slice(block + PORT.firstHeader, block + PORT.firstHeader + Math.min(FIRST_HEADER_BYTES, word(PORT.firstBytes))),
    },
  };
}

function countSilentFlows(memory: PhysicalMemory, block: number, peer: number): number {
  const { i32 } = memory;
  const departed = new Float64Array(memory.wasm.buffer)[(peer + PORT.forwarded) >>> 3];
  if (departed < MANY_FRAMES) return 0;
  const trace = i32[(block + PORT.trace) >>> 2] >>> 0;
  const flows = i32[(block + PORT.flows) >>> 2] >>> 0;
  const traceFrames = i32[(block + PORT.traceFrames) >>> 2];
  const toForward = i32[(trace + (traceFrames << ENTRY_SHIFT) + ENTRY.forwardBefore) >>> 2];
  /** Frames of each flow in the trace, of those that have not departed. */
  const silent = new Map<number, number>();
  for (let index = 0; index < traceFrames; index++) {
    const entry = trace + (index << ENTRY_SHIFT);
    const flow = i32[(entry + ENTRY.flow) >>> 2];
    const seen = i32[(flows + (flow << FLOW_SHIFT) + FLOW.seen) >>> 2] !== 0;
    if (i32[(entry + ENTRY.forward) >>> 2] !== 0 && !seen) silent.set(flow, (silent.get(flow) ?? 0) + 1);
  }
  return [...silent.values()].filter((frames) => (frames / toForward) * departed >= MANY_FRAMES).length;
}

/** The first frames that departed, of all ports, in the order of their departure. */
export function readLog(memory: PhysicalMemory, base: HostOffset): LoggedFrame[] {
  const f64 = new Float64Array(memory.wasm.buffer);
  const frames: LoggedFrame[] = [];
  for (let port = 0; port < portsOf(memory, base); port++) {
    const block = portBlock(base, port);
    let at = memory.i32[(block + PORT.log) >>> 2] >>> 0;
    const end = at + memory.i32[(block + PORT.logUsed) >>> 2];
    while (at < end) {
      const bytes = memory.i32[(at + LOGGED.bytes) >>> 2];
      const start = at + LOGGED_HEADER_BYTES;
      frames.push({ port, departure: f64[(at + LOGGED.departure) >>> 3], bytes: memory.u8.slice(start, start + bytes) });
      at = start + ((bytes + 7) & ~7);
    }
  }
  return frames.sort((left, right) => left.departure - right.departure);
}
