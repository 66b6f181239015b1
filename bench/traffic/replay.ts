// Traces made from captures: which of the frames a port can be given, to which flow each belongs, and what the filter
// should do with it.

import { FrameParts, foldedSum, headerChecksumHolds } from "../../engines/machine/network/frame-parts.ts";
import type { TraceFrame } from "../../engines/machine/network/prepare.ts";
import { PATTERNS } from "../../workloads/network/patterns.ts";
import { allows, filterRules, PROTOCOL, type Rule } from "../../workloads/network/rules.ts";
import type { Traffic } from "../../workloads/network/traffic.ts";
import type { CapturedFrame } from "./captured-frame.ts";
import type { Link } from "./frame.ts";

/** Without FCS. */
const SHORTEST = 14;
const LONGEST = 1514;
const VERSION_AND_LENGTH = 0x45;
const IPV4 = { totalLength: 2, fragment: 6, timeToLive: 8, checksum: 10, source: 12, destination: 16 } as const;
/** "More fragments" and the offset. */
const MAY_FRAGMENT = 0x3fff;
const UDP_BYTES = 8;
/** Of the byte whose upper half is the length of TCP's header, in words. */
const TCP_LENGTH = 12;
const IPV4_AND_UDP_BYTES = 28;
const IPV4_AND_TCP_BYTES = 40;

/** Whether it was captured whole, and has a length that Ethernet has. */
export const fitsPort = ({ bytes, length }: CapturedFrame): boolean => bytes.length === length && length >= SHORTEST && length <= LONGEST;

/** Of frames that fit a port, readdressed to arrive over `link`; the guests of this traffic are given them. */
export function replayOf(captured: readonly CapturedFrame[], { filter, patterns = false }: Pick<Traffic, "filter" | "patterns">, link: Link): TraceFrame[] {
  const rules = filterRules(filter.rules);
  const flows = new Map<string, number>();
  const parts = new FrameParts();
  return captured.map(({ bytes: original }): TraceFrame => {
    const bytes = Uint8Array.from(original);
    bytes.set([...link.destination, ...link.source]);
    parts.read(bytes, 0, bytes.length);
    // A host that leaves checksums to its NIC captures its own frames before they have any.
    if (parts.ipv4 !== 0 && !headerChecksumHolds(bytes, parts.ipv4, parts.ipv4End)) correctChecksum(bytes, parts);
    return { bytes, flow: flowOf(flows, bytes, parts), forward: isForwarded(rules, filter.allowUnmatched, bytes, parts) && !(patterns && isKept(bytes, parts)) };
  });
}

/** Frames with the same addresses, protocol and ports. */
function flowOf(flows: Map<string, number>, bytes: Uint8Array, { protocol, addresses, addressBytes, ports }: FrameParts): number {
  const key = [protocol, ...bytes.subarray(addresses, addresses + 2 * addressBytes), ...(ports === 0 ? [] : bytes.subarray(ports, ports + 4))].join(",");
  const flow = flows.get(key) ?? flows.size;
  flows.set(key, flow);
  return flow;
}

/** Whether a router with this filter forwards it (RFC 1812): IPv4 without options (RFC 7126), no fragment, hops left, as long as its protocol's header. */
function isForwarded(rules: readonly Rule[], allowUnmatched: boolean, bytes: Uint8Array, { ipv4, ports, protocol }: FrameParts): boolean {
  if (ipv4 === 0) return false;
  const view = new DataView(bytes.buffer, ipv4);
  const least = protocol === PROTOCOL.tcp ? IPV4_AND_TCP_BYTES : IPV4_AND_UDP_BYTES;
  if (view.getUint8(0) !== VERSION_AND_LENGTH || view.getUint16(IPV4.totalLength) < least) return false;
  if ((view.getUint16(IPV4.fragment) & MAY_FRAGMENT) !== 0 || view.getUint8(IPV4.timeToLive) <= 1) return false;
  const transport = new DataView(bytes.buffer, ports);
  return allows(rules, {
    protocol, source: view.getUint32(IPV4.source), destination: view.getUint32(IPV4.destination),
    sourcePort: ports === 0 ? 0 : transport.getUint16(0), destinationPort: ports === 0 ? 0 : transport.getUint16(2),
  }, allowUnmatched);
}

/** Whether the pipeline behind the filter keeps it: it translates what has ports, and passes on what carries no pattern. */
function isKept(bytes: Uint8Array, { ipv4, ipv4End, ports, protocol }: FrameParts): boolean {
  if (ports === 0) return true;
  const header = protocol === PROTOCOL.tcp ? (bytes[ports + TCP_LENGTH] >> 4) * 4 : UDP_BYTES;
  const total = new DataView(bytes.buffer, ipv4).getUint16(IPV4.totalLength);
  const payload = String.fromCharCode(...bytes.subarray(ipv4End + header, ipv4 + total));
  return PATTERNS.some((pattern) => payload.includes(pattern));
}

function correctChecksum(bytes: Uint8Array, { ipv4, ipv4End }: FrameParts): void {
  const view = new DataView(bytes.buffer);
  view.setUint16(ipv4 + IPV4.checksum, 0);
  view.setUint16(ipv4 + IPV4.checksum, ~foldedSum(bytes, ipv4, ipv4End));
}
