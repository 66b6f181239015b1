// Traces made from captures: which of the frames a port can be given, to which flow each belongs, and what the filter
// should do with it.

import { FrameParts, foldedSum, headerChecksumHolds } from "../../engines/machine/network/frame-parts.ts";
import type { TraceFrame } from "../../engines/machine/network/prepare.ts";
import { allows, filterRules, type Rule } from "../../workloads/network/rules.ts";
import type { CapturedFrame } from "./captured-frame.ts";

/** Without FCS. */
const SHORTEST = 14;
const LONGEST = 1514;
const CHECKSUM = 10;
const PROTOCOL_OFFSET = 9;
const TIME_TO_LIVE = 8;

/** Whether it was captured whole, and has a length that Ethernet has. */
export const fitsPort = ({ bytes, length }: CapturedFrame): boolean => bytes.length === length && length >= SHORTEST && length <= LONGEST;

/** Of frames that fit a port; the first so many rules of the filter are applied to them. */
export function replayOf(captured: readonly CapturedFrame[], rules: number): TraceFrame[] {
  const filter = filterRules(rules);
  const flows = new Map<string, number>();
  const parts = new FrameParts();
  return captured.map(({ bytes: original }): TraceFrame => {
    const bytes = Uint8Array.from(original);
    parts.read(bytes, 0, bytes.length);
    // A host that leaves checksums to its NIC captures its own frames before they have any.
    if (parts.ipv4 !== 0 && !headerChecksumHolds(bytes, parts.ipv4, parts.ipv4End)) correctChecksum(bytes, parts);
    return { bytes, flow: flowOf(flows, bytes, parts), forward: isForwarded(filter, bytes, parts) };
  });
}

/** Frames with the same addresses, protocol and ports. */
function flowOf(flows: Map<string, number>, bytes: Uint8Array, { protocol, addresses, addressBytes, ports }: FrameParts): number {
  const key = [protocol, ...bytes.subarray(addresses, addresses + 2 * addressBytes), ...(ports === 0 ? [] : bytes.subarray(ports, ports + 4))].join(",");
  const flow = flows.get(key) ?? flows.size;
  flows.set(key, flow);
  return flow;
}

/** What is not IPv4, or has no hop left, is not forwarded. */
function isForwarded(filter: readonly Rule[], bytes: Uint8Array, { ipv4, ports }: FrameParts): boolean {
  if (ipv4 === 0 || bytes[ipv4 + TIME_TO_LIVE] <= 1) return false;
  const view = new DataView(bytes.buffer);
  return allows(filter, {
    source: view.getUint32(ipv4 + 12), destination: view.getUint32(ipv4 + 16), protocol: bytes[ipv4 + PROTOCOL_OFFSET],
    sourcePort: ports === 0 ? 0 : view.getUint16(ports), destinationPort: ports === 0 ? 0 : view.getUint16(ports + 2),
  });
}

function correctChecksum(bytes: Uint8Array, { ipv4, ipv4End }: FrameParts): void {
  const view = new DataView(bytes.buffer);
  view.setUint16(ipv4 + CHECKSUM, 0);
  view.setUint16(ipv4 + CHECKSUM, ~foldedSum(bytes, ipv4, ipv4End));
}
