// Building Ethernet frames that carry UDP over IPv4: IEEE 802.3, RFC 791, RFC 768.

import { foldedSum } from "../../engines/machine/network/frame-parts.ts";

/** What a NIC appends and takes off. */
export const FCS_BYTES = 4;
export const HEADERS_BYTES = 42;
const OFFSET = {
  ethertype: 12, ip: 14, totalLength: 16, timeToLive: 22, protocol: 23, checksum: 24, source: 26, destination: 30,
  udp: 34, sourcePort: 34, destinationPort: 36, udpLength: 38,
} as const;
const ETHERTYPE_IPV4 = 0x0800;
const VERSION_AND_LENGTH = 0x45;
const PROTOCOL_UDP = 17;
const TIME_TO_LIVE = 64;

/** Ethernet addresses. */
export interface Link {
  readonly destination: readonly number[];
  readonly source: readonly number[];
}

export interface Endpoints {
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A frame of `bytes` without its FCS. It has no UDP checksum, so that its payload may be stamped. */
export function udpFrame(bytes: number, link: Link, { source, destination, sourcePort, destinationPort }: Endpoints, payload: (index: number) => number): Uint8Array {
  const frame = new Uint8Array(bytes);
  const view = new DataView(frame.buffer);
  frame.set([...link.destination, ...link.source]);
  view.setUint16(OFFSET.ethertype, ETHERTYPE_IPV4);
  frame[OFFSET.ip] = VERSION_AND_LENGTH;
  view.setUint16(OFFSET.totalLength, bytes - OFFSET.ip);
  frame[OFFSET.timeToLive] = TIME_TO_LIVE;
  frame[OFFSET.protocol] = PROTOCOL_UDP;
  view.setUint32(OFFSET.source, source);
  view.setUint32(OFFSET.destination, destination);
  view.setUint16(OFFSET.checksum, ~foldedSum(frame, OFFSET.ip, OFFSET.udp));
  view.setUint16(OFFSET.sourcePort, sourcePort);
  view.setUint16(OFFSET.destinationPort, destinationPort);
  view.setUint16(OFFSET.udpLength, bytes - OFFSET.udp);
  for (let at = HEADERS_BYTES; at < bytes; at++) frame[at] = payload(at - HEADERS_BYTES);
  return frame;
}
