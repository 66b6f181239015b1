// Reads an ELF64 RISC-V executable. What it returns is checked: every segment's bytes are in the file,
// no two overlap in memory, and the entry is code. (System V gABI chapters 4 and 5, RISC-V psABI.)

import type { GuestImage, ImageSegment } from "./guest-image.ts";
import { hex, loaded, refuse, type Loaded } from "./result.ts";

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const CURRENT_VERSION = 1;
const TYPE = { executable: 2, dynamic: 3 } as const;
const MACHINE_RISCV = 243;
const MACHINE_NAMES: Readonly<Record<number, string>> = {
  2: "SPARC", 3: "x86", 8: "MIPS", 20: "PowerPC", 21: "64-bit PowerPC", 22: "S/390", 40: "ARM", 43: "SPARC V9",
  62: "x86-64", 183: "AArch64", 258: "LoongArch",
};
const FLAG = { floatAbi: 0x6, embedded: 0x8 } as const;
const SEGMENT = { load: 1, dynamic: 2 } as const;
const RIGHT = { execute: 1, write: 2 } as const;

export function parseElf(file: Uint8Array): Loaded<GuestImage> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const header = checkHeader(file, view);
  if (!header.ok) return header;
  const { relocatable, floatingPoint, entry, tableOffset, tableEntries } = header.value;
  const segments: ImageSegment[] = [];
  let dynamic = { offset: 0, bytes: 0 };
  for (let index = 0; index < tableEntries; index++) {
    const at = tableOffset + index * PROGRAM_HEADER_BYTES;
    const kind = view.getUint32(at, true);
    if (kind !== SEGMENT.load && kind !== SEGMENT.dynamic) continue;
    const segment = readSegment(view, at, index);
    if (!segment.ok) return segment;
    if (kind === SEGMENT.dynamic) dynamic = { offset: segment.value.offset, bytes: segment.value.fileBytes };
    else if (segment.value.memoryBytes > 0) segments.push(segment.value);
  }
  segments.sort((a, b) => a.address - b.address);
  return checkSegments({ relocatable, floatingPoint, entry, segments, dynamic, file });
}

/** A 64-bit field as a double: exact below 2^53, and above it too large for every check. */
export function readWord64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}

interface Header {
  readonly relocatable: boolean;
  readonly floatingPoint: boolean;
  readonly entry: number;
  readonly tableOffset: number;
  readonly tableEntries: number;
}

function checkHeader(file: Uint8Array, view: DataView): Loaded<Header> {
  if (!MAGIC.every((byte, index) => file[index] === byte)) {
    return refuse("not-elf", "this is not an ELF file: it does not begin with 7f 45 4c 46");
  }
  if (file.length < HEADER_BYTES) {
    return refuse("truncated", `the file ends inside the ELF header: ${file.length} of ${HEADER_BYTES} bytes`);
  }
  if (file[4] !== CLASS_64) {
    return refuse("class", `ELF class ${file[4]} is not 64-bit (2): build for rv64`);
  }
  if (file[5] !== LITTLE_ENDIAN) {
    return refuse("endianness", `ELF data encoding ${file[5]} is not little-endian (1)`);
  }
  if (file[6] !== CURRENT_VERSION || view.getUint32(20, true) !== CURRENT_VERSION) {
    return refuse("version", `ELF version ${file[6]}/${view.getUint32(20, true)} is not ${CURRENT_VERSION}`);
  }
  const machine = view.getUint16(18, true);
  if (machine !== MACHINE_RISCV) {
    return refuse("machine", `the ELF file is for ${MACHINE_NAMES[machine] ?? "another machine"} (${machine}), not for RISC-V (${MACHINE_RISCV})`);
  }
  const type = view.getUint16(16, true);
  if (type !== TYPE.executable && type !== TYPE.dynamic) {
    return refuse("type", `ELF type ${type} is neither an executable (2) nor position-independent (3): link it`);
  }
  const flags = view.getUint32(48, true);
  if ((flags & FLAG.embedded) !== 0) return refuse("abi", `ELF flags ${hex(flags)} ask for RVE's 16 registers: build with -mabi=lp64`);
  const tableOffset = readWord64(view, 32);
  const tableEntries = view.getUint16(56, true);
  const entryBytes = view.getUint16(54, true);
  if (tableEntries > 0 && entryBytes !== PROGRAM_HEADER_BYTES) {
    return refuse("header", `program headers of ${entryBytes} bytes are not ELF64's (${PROGRAM_HEADER_BYTES})`);
  }
  if (tableEntries > 0 && tableOffset + tableEntries * PROGRAM_HEADER_BYTES > file.length) {
    return refuse("truncated", `${tableEntries} program headers from ${hex(tableOffset)} leave the file of ${file.length} bytes`);
  }
  return loaded({
    relocatable: type === TYPE.dynamic, floatingPoint: (flags & FLAG.floatAbi) !== 0, entry: readWord64(view, 24), tableOffset, tableEntries,
  });
}

function readSegment(view: DataView, at: number, index: number): Loaded<ImageSegment> {
  const rights = view.getUint32(at + 4, true);
  const offset = readWord64(view, at + 8);
  const address = readWord64(view, at + 16);
  const fileBytes = readWord64(view, at + 32);
  const memoryBytes = readWord64(view, at + 40);
  const alignment = Math.max(readWord64(view, at + 48), 1);
  const name = `segment ${index}`;
  if (fileBytes > 0 && offset + fileBytes > view.byteLength) {
    return refuse("truncated", `${name} needs bytes up to ${hex(offset + fileBytes)} of a file of ${view.byteLength}`);
  }
  if (memoryBytes < fileBytes) {
    return refuse("segment-size", `${name} has ${fileBytes} bytes in the file but only ${memoryBytes} in memory`);
  }
  if (!(address + memoryBytes <= Number.MAX_SAFE_INTEGER)) {
    return refuse("address-range", `${name} at ${hex(address)} ends beyond 2^53, where the machine has no memory`);
  }
  if (!Number.isInteger(Math.log2(alignment)) || alignment > 2 ** 52) {
    return refuse("alignment", `${name} has alignment ${hex(alignment)}, which is not a power of two`);
  }
  // gABI: p_vaddr and p_offset agree modulo p_align.
  if (address % alignment !== offset % alignment) {
    return refuse("alignment",
      `${name} at ${hex(address)} and its file offset ${hex(offset)} differ modulo its alignment ${hex(alignment)}`);
  }
  return loaded({
    offset, fileBytes, address, memoryBytes, alignment,
    executable: (rights & RIGHT.execute) !== 0, writable: (rights & RIGHT.write) !== 0,
  });
}

function checkSegments(parts: Omit<GuestImage, "low" | "high" | "alignment">): Loaded<GuestImage> {
  const { segments, entry } = parts;
  const first = segments[0];
  const last = segments[segments.length - 1];
  if (first === undefined || last === undefined) {
    return refuse("no-segment", "the file has no loadable segment: link it as an executable");
  }
  let alignment = 1;
  for (const [index, segment] of segments.entries()) {
    alignment = Math.max(alignment, segment.alignment);
    const next = segments[index + 1];
    if (next !== undefined && segment.address + segment.memoryBytes > next.address) {
      return refuse("overlap", `the segments at ${hex(segment.address)} and ${hex(next.address)} overlap`);
    }
  }
  const isCode = segments.some((segment) =>
    segment.executable && entry >= segment.address && entry + 2 <= segment.address + segment.fileBytes);
  if (!isCode || entry % 2 !== 0) {
    return refuse("entry", `the entry ${hex(entry)} is not an even address in the bytes of an executable segment`);
  }
  return loaded({ ...parts, low: first.address, high: last.address + last.memoryBytes, alignment });
}
