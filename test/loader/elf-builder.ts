// Builds small ELF files for tests, by hand, so that every field can be set wrong.

export interface BuiltSegment {
  readonly type: number;
  readonly rights: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
  readonly alignment: number;
}

export interface BuiltElf {
  readonly type: number;
  readonly entry: number;
  readonly segments: readonly BuiltSegment[];
}

export const TYPE_EXECUTABLE = 2;
export const TYPE_DYNAMIC = 3;
export const SEGMENT_LOAD = 1;
export const SEGMENT_DYNAMIC = 2;

/**
 * Segments follow the headers in the file, each at an offset that agrees with its address modulo its
 * alignment; one that lies in an earlier segment shares its bytes, as PT_DYNAMIC does.
 */
export function buildElf(elf: BuiltElf): Uint8Array {
  let end = 64 + 56 * elf.segments.length;
  const offsets: number[] = [];
  for (const segment of elf.segments) {
    const holder = elf.segments.findIndex((other, index) => index < offsets.length && segment.address >= other.address
      && segment.address + segment.bytes.length <= other.address + other.bytes.length);
    if (holder >= 0 && segment.type !== SEGMENT_LOAD) {
      offsets.push(offsets[holder] + segment.address - elf.segments[holder].address);
      continue;
    }
    while (end % segment.alignment !== segment.address % segment.alignment) end++;
    offsets.push(end);
    end += segment.bytes.length;
  }
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, elf.type, true);
  view.setUint16(18, 243, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(elf.entry), true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, elf.segments.length, true);
  for (const [index, segment] of elf.segments.entries()) {
    const at = 64 + 56 * index;
    view.setUint32(at, segment.type, true);
    view.setUint32(at + 4, segment.rights, true);
    const fields = [
      offsets[index], segment.address, segment.address, segment.bytes.length, segment.memoryBytes, segment.alignment,
    ];
    for (const [position, field] of fields.entries()) view.setBigUint64(at + 8 + 8 * position, BigInt(field), true);
    file.set(segment.bytes, offsets[index]);
  }
  return file;
}

/** Little-endian 64-bit words. */
export function words64(values: readonly (number | bigint)[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setBigUint64(index * 8, BigInt.asUintN(64, BigInt(value)), true);
  return bytes;
}

/** A position-independent image of code, and data with bss and one relocation: what our guests look like. */
export function goodElf(): Uint8Array {
  const base = 0x8020_0000;
  const data = base + 0x100;
  const code = new Uint8Array(64).fill(0x13);
  // data: a pointer slot, the dynamic section (rela, relasz, relaent, end), and the table itself.
  const dynamic = [7, data + 8 + 64, 8, 24, 9, 24, 0, 0];
  const contents = words64([0, ...dynamic, data, 3, base + 4]);
  const dynamicBytes = contents.subarray(8, 8 + 64);
  return buildElf({
    type: TYPE_DYNAMIC,
    entry: base + 4,
    segments: [
      { type: SEGMENT_LOAD, rights: 5, address: base, bytes: code, memoryBytes: code.length, alignment: 16 },
      { type: SEGMENT_LOAD, rights: 6, address: data, bytes: contents, memoryBytes: contents.length + 32, alignment: 16 },
      { type: SEGMENT_DYNAMIC, rights: 6, address: data + 8, bytes: dynamicBytes, memoryBytes: 64, alignment: 8 },
    ],
  });
}
