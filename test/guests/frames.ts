// Ethernet frames for tests: built field by field, and the checksums summed anew, so that guests which
// update them step by step are checked against something else.

import type { Header } from "../../workloads/network/rules.ts";

export const ETHERNET_BYTES = 14;
export const IPV4_BYTES = 20;
export const TCP = 6;
export const UDP = 17;
const TYPE_IPV4 = 0x0800;

export interface FrameContents {
  readonly to: readonly number[];
  readonly from: readonly number[];
  readonly header: Header;
  readonly timeToLive: number;
  readonly payload: Uint8Array;
  /** UDP without a checksum. */
  readonly unchecked?: boolean;
}

export function frame({ to, from, header, timeToLive, payload, unchecked }: FrameContents): Buffer {
  const transport = transportOf(header, payload);
  const ip = Buffer.alloc(IPV4_BYTES);
  ip[0] = 0x45;
  ip.writeUInt16BE(IPV4_BYTES + transport.length, 2);
  ip.writeUInt16BE(0x4000, 6); // may not be fragmented
  ip[8] = timeToLive;
  ip[9] = header.protocol;
  ip.writeUInt32BE(header.source, 12);
  ip.writeUInt32BE(header.destination, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  if (unchecked !== true) {
    const pseudo = Buffer.alloc(12);
    ip.copy(pseudo, 0, 12, 20);
    pseudo[9] = header.protocol;
    pseudo.writeUInt16BE(transport.length, 10);
    const sum = checksum(Buffer.concat([pseudo, transport]));
    if (header.protocol === TCP) transport.writeUInt16BE(sum, 16);
    if (header.protocol === UDP) transport.writeUInt16BE(sum === 0 ? 0xffff : sum, 6);
  }
  const ethernet = Buffer.alloc(ETHERNET_BYTES);
  ethernet.set(to, 0);
  ethernet.set(from, 6);
  ethernet.writeUInt16BE(TYPE_IPV4, 12);
  return Buffer.concat([ethernet, ip, transport]);
}

/** With checksums still 0. */
function transportOf({ protocol, sourcePort, destinationPort }: Header, payload: Uint8Array): Buffer {
  if (protocol !== TCP && protocol !== UDP) return Buffer.from(payload);
  const head = Buffer.alloc(protocol === TCP ? 20 : 8);
  head.writeUInt16BE(sourcePort, 0);
  head.writeUInt16BE(destinationPort, 2);
  if (protocol === TCP) {
    head.writeUInt32BE(0x1234_5678, 4);
    head[12] = 0x50; // five words of header
    head[13] = 0x10; // ACK
    head.writeUInt16BE(1000, 14);
  } else {
    head.writeUInt16BE(8 + payload.length, 4);
  }
  return Buffer.concat([head, payload]);
}

/** RFC 1071, of bytes whose own checksum is 0. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes[at] * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return 0xffff - sum;
}
