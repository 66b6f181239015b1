// Which bytes of a frame no forwarding device may change, NAT included. RFC 791 (IPv4), RFC 8200 (IPv6), RFC 768
// (UDP), RFC 9293 (TCP); what a NAT rewrites: RFC 3022, section 4.1.

import type { FrameWords } from "./frame-words.ts";

const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const IPV6_BYTES = 40;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
/** Address fields, and what follows the ports: UDP's length; TCP's sequence number to its window. */
const TCP = { fixed: 4, checksum: 16, urgent: 18 } as const;
const UDP_BYTES = 8;
const FRAGMENT_OFFSET = 0x1fff;

/** Reads one frame after another; nothing is allocated by it. */
export class FrameParts {
  /** Absolute offsets of up to two ranges that must not change; the first may be empty. */
  firstStart = 0;
  firstEnd = 0;
  secondStart = 0;
  secondEnd = 0;
  /** IPv4 protocol or IPv6 next header; 0x1_0000 + EtherType for everything else. */
  protocol = 0;
  /** Where the IPv4 header starts, 0 when there is none, and where it ends. */
  ipv4 = 0;
  ipv4End = 0;
  /** Where the transport's ports lie; 0 when there are none. */
  ports = 0;
  /** First address, and bytes of each; 0 when there are none. */
  addresses = 0;
  addressBytes = 0;
  /** Bytes of the frame. */
  bytes = 0;

  read(u8: Uint8Array, frame: number, bytes: number): void {
    const end = frame + bytes;
    const type = bytes < ETHERNET_BYTES ? 0 : (u8[frame + 12] << 8) | u8[frame + 13];
    this.bytes = bytes;
    this.ipv4 = 0;
    this.ports = 0;
    this.addresses = 0;
    this.firstStart = this.firstEnd = frame;
    if (type === ETHERTYPE_IPV4 && this.#ipv4(u8, frame + ETHERNET_BYTES, end)) return;
    if (type === ETHERTYPE_IPV6 && this.#ipv6(u8, frame + ETHERNET_BYTES, end)) return;
    this.protocol = 0x1_0000 + type;
    this.secondStart = Math.min(frame + 12, end); // all but the addresses of the link
    this.secondEnd = end;
  }

  /** Over the protocol, the length and all that must not change, of a frame in the machine's memory. */
  hash(words: FrameWords): number {
    const first = words.hash(this.protocol ^ (this.bytes << 8), this.firstStart, this.firstEnd - this.firstStart);
    return words.hash(first, this.secondStart, this.secondEnd - this.secondStart);
  }

  #ipv4(u8: Uint8Array, header: number, end: number): boolean {
    const headerBytes = (u8[header] & 15) * 4;
    const total = (u8[header + 2] << 8) | u8[header + 3];
    if (u8[header] >> 4 !== 4 || headerBytes < 20 || total < headerBytes || header + total > end) return false;
    this.ipv4 = header;
    this.ipv4End = header + headerBytes;
    this.addresses = header + 12;
    this.addressBytes = 4;
    const later = (((u8[header + 6] << 8) | u8[header + 7]) & FRAGMENT_OFFSET) !== 0;
    this.#transport(later ? -1 : u8[header + 9], this.ipv4End, header + total);
    this.protocol = u8[header + 9];
    return true;
  }

  #ipv6(u8: Uint8Array, header: number, end: number): boolean {
    const payload = (u8[header + 4] << 8) | u8[header + 5];
    if (u8[header] >> 4 !== 6 || header + IPV6_BYTES + payload > end) return false;
    this.addresses = header + 8;
    this.addressBytes = 16;
    this.#transport(u8[header + 6], header + IPV6_BYTES, header + IPV6_BYTES + payload);
    this.protocol = u8[header + 6];
    return true;
  }

  /** Ports and checksums may be rewritten; of other protocols nothing. */
  #transport(protocol: number, start: number, end: number): void {
    this.secondStart = start;
    this.secondEnd = end;
    if (protocol === PROTOCOL_UDP && start + UDP_BYTES <= end) {
      this.ports = start;
      this.secondStart = start + UDP_BYTES;
    } else if (protocol === PROTOCOL_TCP && start + TCP.urgent <= end) {
      this.ports = start;
      this.firstStart = start + TCP.fixed;
      this.firstEnd = start + TCP.checksum;
      this.secondStart = start + TCP.urgent;
    }
  }
}

/** Whether the IPv4 header in [start, end) has the checksum it should: its 16-bit words sum up to all ones. */
export function headerChecksumHolds(u8: Uint8Array, start: number, end: number): boolean {
  return foldedSum(u8, start, end) === 0xffff;
}

/** One's complement sum of the 16-bit words of an IPv4 header (RFC 1071). */
export function foldedSum(u8: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 2) sum += (u8[at] << 8) | u8[at + 1];
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}
