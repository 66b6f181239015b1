// The network that the machine's ports are connected to: what a tester with generator and analyser is to a router.
// Ports come in pairs: what arrives at one of them should depart from the other.

import type { PhysicalMemory } from "../memory.ts";
import type { Cycles, HostOffset } from "../address.ts";
import { PORT_BYTES, WIRE, WIRE_HEADER_BYTES } from "./layout.ts";
import { Sink } from "./sink.ts";
import { Source } from "./source.ts";
import { networkViews } from "./views.ts";

/** What a NIC sees of the network. One for each thread; all state is in shared memory. A port's receiving side is for
 *  one hart at a time, and so is its transmitting side. */
export interface WirePort {
  /** When there is something to receive: at that time or, if it has passed, at once. Infinity: never. */
  nextArrival(): Cycles;
  /** Puts the next frame that has arrived where `target` is. Answers its bytes; 0: none has. A frame that is longer
   *  than `capacity` is lost. */
  receive(now: Cycles, target: HostOffset, capacity: number): number;
  /** Time passes without a buffer to receive into: what finds the port's FIFO full is lost. */
  pass(now: Cycles): void;
  /** A frame, without its FCS, departs. */
  transmit(now: Cycles, source: HostOffset, bytes: number): void;
}

/** The ports of the wire that `prepareWire` laid out at `base`, as this thread reaches them. */
export function connectWire(memory: PhysicalMemory, base: HostOffset): WirePort[] {
  const ports = memory.i32[(base + WIRE.ports) >>> 2];
  if (ports === 0) return [];
  const views = networkViews(memory);
  return Array.from({ length: ports }, (_, port): WirePort => {
    const peer = peerOf(port, ports);
    const source = new Source(views, portBlock(base, port), port);
    const sink = new Sink(views, portBlock(base, port), portBlock(base, peer), peer);
    return {
      nextArrival: () => source.nextArrival(),
      receive: (now, target, capacity) => source.receive(now, target, capacity),
      pass: (now) => source.pass(now),
      transmit: (now, frame, bytes) => sink.transmit(now, frame, bytes),
    };
  });
}

export const portBlock = (base: HostOffset, port: number): HostOffset => (base + WIRE_HEADER_BYTES + port * PORT_BYTES) as HostOffset;

/** A port without a peer is its own. */
export const peerOf = (port: number, ports: number): number => ((port ^ 1) < ports ? port ^ 1 : port);
