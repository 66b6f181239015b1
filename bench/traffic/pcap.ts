// The pcap format (draft-ietf-opsawg-pcap): read in both byte orders and resolutions, written in one.

import { type Capture, type CapturedFrame, cutOff, LINK_ETHERNET, linkTypeReason, LONGEST_FRAME, unreadable } from "./captured-frame.ts";

const MAGIC_MICROSECONDS = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS = 0xa1b2_3c4d;
const VERSION = { major: 2, minor: 4 } as const;
const FILE = { magic: 0, major: 4, minor: 6, snapLength: 16, linkType: 20, bytes: 24 } as const;
const RECORD = { seconds: 0, fraction: 4, captured: 8, length: 12, bytes: 16 } as const;
const BILLION = 1_000_000_000n;

export function readPcap(view: DataView): Capture {
  const little = [MAGIC_MICROSECONDS, MAGIC_NANOSECONDS].includes(view.getUint32(FILE.magic, true));
  const magic = view.getUint32(FILE.magic, little);
  if (magic !== MAGIC_MICROSECONDS && magic !== MAGIC_NANOSECONDS) return unreadable("it is neither a pcap nor a pcapng file");
  if (view.byteLength < FILE.bytes) return unreadable("its header is cut off");
  const major = view.getUint16(FILE.major, little);
  if (major !== VERSION.major) return unreadable(`it is a pcap file of version ${major}, not ${VERSION.major}`);
  const linkType = view.getUint32(FILE.linkType, little);
  // The upper half says whether frames end with their FCS.
  if (linkType !== LINK_ETHERNET) return unreadable(linkTypeReason(linkType & 0xffff, linkType >>> 16 !== 0));
  const perFraction = magic === MAGIC_MICROSECONDS ? 1000n : 1n;
  const frames: CapturedFrame[] = [];
  for (let at: number = FILE.bytes; at < view.byteLength;) {
    if (at + RECORD.bytes > view.byteLength) return unreadable(cutOff(frames));
    const captured = view.getUint32(at + RECORD.captured, little);
    if (captured > LONGEST_FRAME) return unreadable(`frame ${frames.length + 1} claims to have ${captured} bytes`);
    const start = at + RECORD.bytes;
    if (start + captured > view.byteLength) return unreadable(cutOff(frames));
    frames.push({
      time: BigInt(view.getUint32(at + RECORD.seconds, little)) * BILLION + BigInt(view.getUint32(at + RECORD.fraction, little)) * perFraction,
      bytes: new Uint8Array(view.buffer, view.byteOffset + start, captured),
      length: view.getUint32(at + RECORD.length, little),
    });
    at = start + captured;
  }
  return { kind: "capture", frames };
}

/** A file in little-endian order and nanoseconds. */
export function writePcap(frames: readonly CapturedFrame[]): Uint8Array {
  const file = new Uint8Array(FILE.bytes + frames.reduce((sum, { bytes }) => sum + RECORD.bytes + bytes.length, 0));
  const view = new DataView(file.buffer);
  view.setUint32(FILE.magic, MAGIC_NANOSECONDS, true);
  view.setUint16(FILE.major, VERSION.major, true);
  view.setUint16(FILE.minor, VERSION.minor, true);
  view.setUint32(FILE.snapLength, LONGEST_FRAME, true);
  view.setUint32(FILE.linkType, LINK_ETHERNET, true);
  let at: number = FILE.bytes;
  for (const { time, bytes, length } of frames) {
    view.setUint32(at + RECORD.seconds, Number(time / BILLION), true);
    view.setUint32(at + RECORD.fraction, Number(time % BILLION), true);
    view.setUint32(at + RECORD.captured, bytes.length, true);
    view.setUint32(at + RECORD.length, length, true);
    file.set(bytes, at + RECORD.bytes);
    at += RECORD.bytes + bytes.length;
  }
  return file;
}
