// Frames for tests of the wire, built by hand from the RFCs.

const HEADER_BYTES = 42;

/** Ethernet, IPv4 and UDP without a checksum; `fill` bytes of payload. */
export function udpFrame({ bytes = 60, source = 0x0a00_0001, destination = 0xc0a8_0001, sourcePort = 1000, destinationPort = 53, fill = 0xab } = {}): Uint8Array {
  const frame = new Uint8Array(bytes).fill(fill, HEADER_BYTES);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0]);
  view.setUint16(16, bytes - 14);
  frame[22] = 64;
  frame[23] = 17;
  view.setUint32(26, source);
  view.setUint32(30, destination);
  view.setUint16(24, headerChecksum(frame));
  view.setUint16(34, sourcePort);
  view.setUint16(36, destinationPort);
  view.setUint16(38, bytes - 34);
  return frame;
}

/** Of the IPv4 header at 14, its checksum field taken as zero. */
export function headerChecksum(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) if (at !== 24) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
