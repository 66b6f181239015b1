// Laying out the wire before a machine starts: its trace of frames, and room for what it notes.

import type { HostOffset } from "../address.ts";
import type { PhysicalMemory } from "../memory.ts";
import { FrameParts } from "./frame-parts.ts";
import { frameWords } from "./frame-words.ts";
import {
  ENTRY, ENTRY_SHIFT, FLOW_SHIFT, KIND, KIND_SHIFT, MAXIMUM_PORTS, OUTSTANDING, PORT, PORT_BYTES, RECORD, RECORD_SHIFT, WIRE, WIRE_HEADER_BYTES,
} from "./layout.ts";
import { portBlock } from "./wire.ts";

export interface TraceFrame {
  /** From the destination address to the end of the payload, without FCS. */
  readonly bytes: Uint8Array;
  /** Frames of one flow must depart in the order in which they arrived. */
  readonly flow: number;
  /** Whether it is to be forwarded; if not, the filter is to drop it. */
  readonly forward: boolean;
}

export interface PortTraffic {
  /** Replayed in a cycle. */
  readonly frames: readonly TraceFrame[];
  /** Generated frames, Ethernet, IPv4 and UDP without a checksum, have room for a stamp at the start of the payload. Those
   *  of a capture do not, and are told apart by what they carry. */
  readonly stamped: boolean;
}

export interface WireDescription {
  readonly ports: readonly PortTraffic[];
  /** Frames that a port holds until the machine takes them. */
  readonly fifoFrames: number;
  /** Room for the log of what departs, for each port. */
  readonly logBytes: number;
}

interface PortPlan {
  readonly fifo: number;
  readonly trace: number;
  readonly frames: number;
  readonly outstanding: number;
  readonly flows: number;
  readonly links: number;
  readonly kinds: number;
  readonly kindCount: number;
  readonly log: number;
}

/** Bytes of shared memory that the wire needs. */
export function wireBytes(description: WireDescription): number {
  return planWire(description).bytes;
}

/** Lays the wire out at `base` in memory that is all zero. Nothing arrives until it is told to. */
export function prepareWire(memory: PhysicalMemory, base: HostOffset, description: WireDescription): void {
  memory.i32[(base + WIRE.ports) >>> 2] = description.ports.length;
  planWire(description).ports.forEach((plan, port) => preparePort(memory, base, portBlock(base, port), description, port, plan));
}

function planWire({ ports, fifoFrames, logBytes }: WireDescription): { readonly ports: PortPlan[]; readonly bytes: number } {
  if (ports.length > MAXIMUM_PORTS) throw new RangeError(`a machine has at most ${MAXIMUM_PORTS} ports, not ${ports.length}`);
  let used = WIRE_HEADER_BYTES + ports.length * PORT_BYTES;
  const take = (bytes: number): number => {
    const at = used;
    used = Math.ceil((used + bytes) / 64) * 64;
    return at;
  };
  const plans = ports.map(({ frames, stamped }): PortPlan => {
    const kindCount = stamped ? 0 : 2 ** Math.ceil(Math.log2(2 * frames.length + 1));
    return {
      fifo: take(fifoFrames << RECORD_SHIFT),
      trace: take((frames.length + 1) << ENTRY_SHIFT),
      frames: take(frames.reduce((sum, { bytes }) => sum + paddedBytes(bytes), 0)),
      outstanding: take(OUTSTANDING << RECORD_SHIFT),
      flows: take((frames.reduce((most, { flow }) => Math.max(most, flow), 0) + 1) << FLOW_SHIFT),
      links: take(stamped ? 0 : 4 * OUTSTANDING),
      kinds: take(kindCount << KIND_SHIFT),
      kindCount,
      log: take(logBytes),
    };
  });
  return { ports: plans, bytes: used };
}

const paddedBytes = (bytes: Uint8Array): number => (bytes.length + 7) & ~7;

function preparePort(memory: PhysicalMemory, base: number, block: number, { ports, fifoFrames, logBytes }: WireDescription, port: number, plan: PortPlan): void {
  const { i32 } = memory;
  const { frames, stamped } = ports[port];
  const words = {
    fifo: base + plan.fifo, fifoFrames, trace: base + plan.trace, traceFrames: frames.length, stamped: stamped ? 1 : 0,
    outstanding: base + plan.outstanding, flows: base + plan.flows, links: base + plan.links, kinds: base + plan.kinds,
    kindMask: plan.kindCount - 1, log: base + plan.log, logBytes,
  };
  for (const [name, value] of Object.entries(words)) i32[(block + PORT[name as keyof typeof words]) >>> 2] = value;
  new Float64Array(memory.wasm.buffer)[(block + PORT.due) >>> 3] = Infinity;
  for (let slot = 0; slot < OUTSTANDING; slot++) { // none is the record of any frame yet
    const record = base + plan.outstanding + (slot << RECORD_SHIFT);
    i32[(record + RECORD.sequence) >>> 2] = ~slot;
    i32[(record + RECORD.entry) >>> 2] = -1;
  }
  writeTrace(memory, base + plan.trace, base + plan.frames, frames);
  if (!stamped) writeKinds(memory, base + plan.trace, base + plan.kinds, plan.kindCount, frames.length);
}

function writeTrace({ i32, u8 }: PhysicalMemory, trace: number, place: number, frames: readonly TraceFrame[]): void {
  let at = place;
  let forwardBefore = 0;
  frames.forEach(({ bytes, flow, forward }, index) => {
    const entry = trace + (index << ENTRY_SHIFT);
    i32[(entry + ENTRY.offset) >>> 2] = at;
    i32[(entry + ENTRY.bytes) >>> 2] = bytes.length;
    i32[(entry + ENTRY.flow) >>> 2] = flow;
    i32[(entry + ENTRY.forward) >>> 2] = forward ? 1 : 0;
    i32[(entry + ENTRY.forwardBefore) >>> 2] = forwardBefore;
    u8.set(bytes, at);
    at += paddedBytes(bytes);
    forwardBefore += forward ? 1 : 0;
  });
  i32[(trace + (frames.length << ENTRY_SHIFT) + ENTRY.forwardBefore) >>> 2] = forwardBefore;
}

/** Frames that differ in nothing but what forwarding may change are of one kind, which is found by hash. */
function writeKinds(memory: PhysicalMemory, trace: number, kinds: number, kindCount: number, frames: number): void {
  const { i32, u8 } = memory;
  const words = frameWords(memory);
  const parts = new FrameParts();
  const sameKind = Map.groupBy(Array.from({ length: frames }, (_, index) => index), (index) => {
    const entry = trace + (index << ENTRY_SHIFT);
    parts.read(u8, i32[(entry + ENTRY.offset) >>> 2] >>> 0, i32[(entry + ENTRY.bytes) >>> 2]);
    const text = (start: number, end: number) => String.fromCharCode(...u8.subarray(start, end));
    return [parts.hash(words), parts.protocol, parts.bytes, text(parts.firstStart, parts.firstEnd), text(parts.secondStart, parts.secondEnd)].join("\n");
  });
  for (let place = 0; place < kindCount; place++) i32[(kinds + (place << KIND_SHIFT) + KIND.entry) >>> 2] = -1;
  for (const [key, entries] of sameKind) {
    const hash = Number(key.slice(0, key.indexOf("\n")));
    let place = hash & (kindCount - 1);
    while (i32[(kinds + (place << KIND_SHIFT) + KIND.entry) >>> 2] !== -1) place = (place + 1) & (kindCount - 1);
    const kind = kinds + (place << KIND_SHIFT);
    i32[(kind + KIND.hash) >>> 2] = hash;
    i32[(kind + KIND.entry) >>> 2] = entries[0];
    i32[(kind + KIND.newest) >>> 2] = -1;
    for (const entry of entries) i32[(trace + (entry << ENTRY_SHIFT) + ENTRY.kind) >>> 2] = kind;
  }
}
