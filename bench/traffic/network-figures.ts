// What was measured of a case's traffic, and the arithmetic of what ports have counted.

import type { PortReading } from "../../engines/machine/network/steering.ts";
import { peerOf } from "../../engines/machine/network/wire.ts";
import { addHistograms, type Histogram, histogramSince } from "../histogram.ts";

export interface NetworkFigures {
  /** Of the windows. */
  readonly offered: number | "max";
  /** Times that the engine copied a frame, for each that departed; undefined where the engine moves none. */
  readonly copiesPerFrame: number | undefined;
  /** Part of the harts' time that their threads spent in models of devices. */
  readonly deviceShare: number;
  readonly load: LoadFigures | undefined;
  /** Highest rate without loss, in frames per second and port; undefined where it was not searched, or none was found. */
  readonly zeroLossRate: number | undefined;
}

/** Latency under a stated load. */
export interface LoadFigures {
  /** Frames per second at each port that has traffic. */
  readonly rate: number;
  /** Nanoseconds from scheduled arrival to departure, of all frames forwarded. */
  readonly latency: Histogram;
  /** Part of the frames to be forwarded that were not. */
  readonly loss: number;
}

/** Frames to be forwarded that arrived between two readings of all ports, and those that departed. */
export interface Balance {
  readonly arrived: number;
  readonly forwarded: number;
}

export function balance(before: readonly PortReading[], after: readonly PortReading[]): Balance {
  const between = (of: (port: PortReading) => number) => after.reduce((sum, port, index) => sum + of(port) - of(before[index]), 0);
  return {
    arrived: between((port) => port.takenForward + port.droppedForward),
    forwarded: between((port) => port.forwarded),
  };
}

export const forwardedBy = (ports: readonly PortReading[]): number => ports.reduce((sum, { forwarded }) => sum + forwarded, 0);

export const latencyBetween = (before: readonly PortReading[], after: readonly PortReading[]): Histogram => (
  addHistograms(after.map(({ latency }, port) => histogramSince(before[port].latency, latency))));

/** Why what departed is not to be trusted, or undefined when all was right. */
export function checkWire(ports: readonly PortReading[]): string | undefined {
  for (const [port, { faults, firstFault }] of ports.entries()) {
    const found = Object.entries(faults).filter(([, count]) => count > 0);
    if (found.length === 0 || firstFault === undefined) continue;
    const list = found.map(([fault, count]) => `${count} ${fault}`).join(", ");
    const bytes = Array.from(firstFault.header, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return `wrong frames at port ${port}: ${list}; the first, ${firstFault.fault}, of ${firstFault.bytes} bytes: ${bytes}`;
  }
  const silent = ports.findIndex(({ silentFlows }) => silentFlows > 0);
  if (silent >= 0) return `${ports[silent].silentFlows} flows that arrive at port ${silent} and should be forwarded never left port ${peerOf(silent, ports.length)}`;
  return undefined;
}
