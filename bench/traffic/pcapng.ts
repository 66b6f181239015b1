// The pcapng format (draft-ietf-opsawg-pcapng): section, interface, enhanced and simple packet blocks, in both byte
// orders; blocks of other types are skipped, as the draft asks.

import { type Capture, type CapturedFrame, cutOff, LINK_ETHERNET, linkTypeReason, LONGEST_FRAME, unreadable } from "./captured-frame.ts";

const BLOCK = { section: 0x0a0d_0d0a, interface: 1, simple: 3, enhanced: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
/** Type, length, and the length again at the end. */
const SHORTEST_BLOCK = 12;
/** Offsets from the block's start. */
const SECTION = { magic: 8, major: 12, bytes: 28 } as const;
const INTERFACE = { linkType: 8, snapLength: 12, options: 16 } as const;
const ENHANCED = { interface: 8, timeHigh: 12, timeLow: 16, captured: 20, length: 24, data: 28 } as const;
const SIMPLE = { length: 8, data: 12 } as const;
const OPTION = { end: 0, resolution: 9, offset: 14 } as const;
const OPTION_HEADER_BYTES = 4;
const MICROSECONDS = 6;
const BINARY = 0x80;
const BILLION = 1_000_000_000n;

interface Interface {
  readonly linkType: number;
  /** 0: no limit. */
  readonly snapLength: number;
  /** Units of its timestamps in a second. */
  readonly unitsPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

export function readPcapng(view: DataView): Capture {
  const frames: CapturedFrame[] = [];
  let interfaces: Interface[] = [];
  let little = false;
  for (let at = 0; at < view.byteLength;) {
    if (at + SHORTEST_BLOCK > view.byteLength) return unreadable(cutOff(frames));
    const type = view.getUint32(at, little);
    if (type === BLOCK.section) {
      little = view.getUint32(at + SECTION.magic, true) === BYTE_ORDER_MAGIC;
      if (view.getUint32(at + SECTION.magic, little) !== BYTE_ORDER_MAGIC) return unreadable("a section of it has no byte order");
      interfaces = [];
    }
    const bytes = view.getUint32(at + 4, little);
    if (bytes < SHORTEST_BLOCK || bytes % 4 !== 0) return unreadable(`after frame ${frames.length} comes a block of ${bytes} bytes`);
    if (at + bytes > view.byteLength) return unreadable(cutOff(frames));
    if (view.getUint32(at + bytes - 4, little) !== bytes) return unreadable(`after frame ${frames.length} comes a block whose two lengths differ`);
    const wrong = readBlock(new DataView(view.buffer, view.byteOffset + at, bytes), type, little, interfaces, frames);
    if (wrong !== undefined) return unreadable(wrong);
    at += bytes;
  }
  return { kind: "capture", frames };
}

/** Adds what one block has to `interfaces` or `frames`. Answers what is wrong with it, if something is. */
function readBlock(block: DataView, type: number, little: boolean, interfaces: Interface[], frames: CapturedFrame[]): string | undefined {
  const end = block.byteLength - 4;
  const number = frames.length + 1;
  switch (type) {
    case BLOCK.section: {
      if (block.byteLength < SECTION.bytes) return "a section header of it is too short";
      const major = block.getUint16(SECTION.major, little);
      return major === 1 ? undefined : `it is a pcapng file of version ${major}, not 1`;
    }
    case BLOCK.interface:
      if (end < INTERFACE.options) return "an interface description of it is too short";
      interfaces.push(readInterface(block, end, little));
      return undefined;
    case BLOCK.enhanced: {
      if (end < ENHANCED.data) return `frame ${number} has no header`;
      const captured = block.getUint32(ENHANCED.captured, little);
      const time = (BigInt(block.getUint32(ENHANCED.timeHigh, little)) << 32n) | BigInt(block.getUint32(ENHANCED.timeLow, little));
      return addFrame(block, ENHANCED.data, captured, block.getUint32(ENHANCED.length, little), time, interfaces[block.getUint32(ENHANCED.interface, little)], frames);
    }
    case BLOCK.simple: {
      const length = block.getUint32(SIMPLE.length, little);
      const from = interfaces[0];
      return addFrame(block, SIMPLE.data, from === undefined || from.snapLength === 0 ? length : Math.min(length, from.snapLength), length, 0n, from, frames);
    }
    default:
      return undefined;
  }
}

function addFrame(block: DataView, start: number, captured: number, length: number, time: bigint, from: Interface | undefined, frames: CapturedFrame[]): string | undefined {
  const number = frames.length + 1;
  if (from === undefined) return `frame ${number} is of an interface that is not described`;
  if (from.linkType !== LINK_ETHERNET) return linkTypeReason(from.linkType, false);
  if (captured > LONGEST_FRAME || start + captured > block.byteLength - 4) return `frame ${number} claims to have ${captured} bytes`;
  frames.push({
    time: from.offsetSeconds * BILLION + (time * BILLION) / from.unitsPerSecond,
    bytes: new Uint8Array(block.buffer, block.byteOffset + start, captured), length,
  });
  return undefined;
}

function readInterface(block: DataView, end: number, little: boolean): Interface {
  let unitsPerSecond = 10n ** BigInt(MICROSECONDS);
  let offsetSeconds = 0n;
  for (let at: number = INTERFACE.options; at + OPTION_HEADER_BYTES <= end;) {
    const code = block.getUint16(at, little);
    const bytes = block.getUint16(at + 2, little);
    const value = at + OPTION_HEADER_BYTES;
    if (code === OPTION.end || value + bytes > end) break;
    if (code === OPTION.resolution && bytes === 1) {
      const resolution = block.getUint8(value);
      unitsPerSecond = (resolution & BINARY) === 0 ? 10n ** BigInt(resolution) : 2n ** BigInt(resolution & ~BINARY);
    }
    if (code === OPTION.offset && bytes === 8) offsetSeconds = block.getBigInt64(value, little);
    at = value + Math.ceil(bytes / 4) * 4;
  }
  return {
    linkType: block.getUint16(INTERFACE.linkType, little), snapLength: block.getUint32(INTERFACE.snapLength, little), unitsPerSecond, offsetSeconds,
  };
}
