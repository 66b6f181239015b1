import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseElf } from "../../engines/loader/elf.ts";
import type { GuestImage } from "../../engines/loader/guest-image.ts";
import { placeDeviceTree, placeImage, placementIn, type Slot } from "../../engines/loader/place.ts";
import type { LoadErrorKind } from "../../engines/loader/result.ts";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { buildElf, goodElf, SEGMENT_LOAD, TYPE_EXECUTABLE, words64 } from "./elf-builder.ts";

const LINKED = 0x8020_0000;
const RAM_BYTES = 0x3_0000;
const memory = PhysicalMemory.create(RAM_BYTES, 1);
/** In the middle of RAM, so that writes on either side of it would show. */
const slot: Slot = { guest: guestPhysical(0x8000_0000), physical: physical(RAM_BASE + 0x1_0000), bytes: 0x1_0000 };

function good(): GuestImage {
  const parsed = parseElf(goodElf());
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function fixed(segments: readonly { address: number; bytes?: number; memory?: number; alignment?: number; rights?: number }[], entry = LINKED) {
  return buildElf({
    type: TYPE_EXECUTABLE, entry,
    segments: segments.map((part) => ({
      type: SEGMENT_LOAD, rights: part.rights ?? 5, address: part.address, bytes: new Uint8Array(part.bytes ?? 16),
      memoryBytes: part.memory ?? part.bytes ?? 16, alignment: part.alignment ?? 1,
    })),
  });
}

function edited(at: number, ...bytes: readonly number[]): Uint8Array {
  const file = goodElf();
  file.set(bytes, at);
  return file;
}

function ram(): DataView {
  return new DataView(memory.wasm.buffer, memory.offset(slot.physical), slot.bytes);
}

const UNTOUCHED = 0xa5;
const untouched = Buffer.alloc(memory.u8.length, UNTOUCHED);
memory.u8.fill(UNTOUCHED);
function expectUntouched(start: number, end: number): void {
  expect(untouched.compare(memory.u8, start, end, start, end)).toBe(0);
}

/** Loads the file if it can be; answers the refusal otherwise. Checks that nothing outside the slot changed. */
function load(file: Uint8Array, into: Slot = slot): LoadErrorKind | "ok" {
  const inside = memory.offset(slot.physical);
  memory.u8.fill(UNTOUCHED, inside, inside + slot.bytes);
  const parsed = parseElf(file);
  const result = parsed.ok ? placeImage(memory, parsed.value, into, placementIn(parsed.value, into)) : parsed;
  expectUntouched(0, result.ok ? inside : memory.u8.length);
  expectUntouched(inside + slot.bytes, memory.u8.length);
  return result.ok ? "ok" : result.error.kind;
}

describe("a good image", () => {
  test("is moved to the slot, with zeroed bss and relocated pointers", () => {
    const image = good();
    memory.u8.fill(0xa5);
    const placed = placeImage(memory, image, slot, placementIn(image, slot));
    expect(placed).toEqual({ ok: true, value: { entry: 0x8000_0004, low: 0x8000_0000, high: 0x8000_0000 + image.high - image.low } });
    expect(ram().getUint32(0, true)).toBe(0x1313_1313);
    expect(ram().getBigUint64(0x100, true)).toBe(0x8000_0004n);
    const bss = image.high - image.low - 32;
    for (let at = bss; at < bss + 32; at++) expect(ram().getUint8(at)).toBe(0);
    expect(ram().getUint8(bss + 32)).toBe(0xa5);
  });

  test("stays at its linked address where that fits, and is relocated there too", () => {
    const image = good();
    const wide: Slot = { ...slot, guest: guestPhysical(LINKED - 0x1000) };
    expect(placementIn(image, wide)).toBe(LINKED);
    expect(placeImage(memory, image, wide, guestPhysical(LINKED)).ok).toBe(true);
    expect(ram().getBigUint64(0x1100, true)).toBe(BigInt(LINKED + 4));
  });

  test("is refused where it does not fit, and nothing is written", () => {
    expect(load(goodElf(), { ...slot, bytes: 0x100 })).toBe("outside-slot");
    expect(load(goodElf(), { ...slot, physical: physical(RAM_BASE + RAM_BYTES - 0x1000) })).toBe("slot-outside-memory");
    const placed = placeImage(memory, good(), slot, guestPhysical(0x8000_0004));
    expect(placed.ok ? "ok" : placed.error.kind).toBe("placement-alignment");
  });

  test("with a fixed address runs only there", () => {
    const file = fixed([{ address: LINKED }]);
    const parsed = parseElf(file);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const placed = placeImage(memory, parsed.value, slot, slot.guest);
    expect(placed.ok ? "ok" : placed.error.kind).toBe("fixed-address");
    expect(load(file)).toBe("outside-slot");
    expect(load(file, { ...slot, guest: guestPhysical(LINKED) })).toBe("ok");
  });
});

const relocationTable = 64 + 56 * 3;
const refusals: readonly [string, LoadErrorKind, Uint8Array][] = [
  ["an empty file", "not-elf", new Uint8Array()],
  ["a text", "not-elf", new TextEncoder().encode("#!/bin/sh\n".repeat(20))],
  ["only the magic number", "truncated", goodElf().subarray(0, 40)],
  ["a 32-bit image", "class", edited(4, 1)],
  ["a big-endian image", "endianness", edited(5, 2)],
  ["an unknown ELF version", "version", edited(6, 2)],
  ["an x86-64 image", "machine", edited(18, 62)],
  ["an object file", "type", edited(16, 1)],
  ["an image for RVE", "abi", edited(48, 8)],
  ["32-bit program headers", "header", edited(54, 32)],
  ["a program header table beyond the file", "truncated", edited(32, 0, 0, 1)],
  ["a file cut short", "truncated", goodElf().subarray(0, goodElf().length - 80)],
  ["no segments", "no-segment", edited(56, 0)],
  ["a segment smaller in memory than in the file", "segment-size", fixed([{ address: LINKED, bytes: 16, memory: 8 }])],
  ["an alignment of 24", "alignment", fixed([{ address: LINKED, alignment: 24 }])],
  ["an offset that disagrees with the address", "alignment", edited(64 + 16, 4)],
  ["a segment beyond 2^53", "address-range", edited(64 + 16 + 6, 0x20)],
  ["overlapping segments", "overlap", fixed([{ address: LINKED }, { address: LINKED + 8 }])],
  ["overlapping segments in descending order", "overlap", fixed([{ address: LINKED + 8 }, { address: LINKED }])],
  ["an entry in data", "entry", fixed([{ address: LINKED, rights: 6 }])],
  ["an entry in bss", "entry", fixed([{ address: LINKED, memory: 64 }], LINKED + 32)],
  ["an odd entry", "entry", fixed([{ address: LINKED }], LINKED + 1)],
  ["an entry outside the image", "entry", fixed([{ address: LINKED }], 0)],
];

test.each(refusals)("%s is refused as %s", (_, kind, file) => {
  expect(load(file)).toBe(kind);
});

describe("relocations", () => {
  const file = goodElf();
  const find = (words: readonly (number | bigint)[]): number => {
    const wanted = Buffer.from(words64(words));
    const at = Buffer.from(file).indexOf(wanted, relocationTable);
    expect(at).toBeGreaterThan(0);
    return at;
  };
  const table = find([LINKED + 0x100, 3]);
  const tags = find([7, LINKED + 0x148]);

  test.each<readonly [string, LoadErrorKind | "ok", number, readonly number[]]>([
    ["of an unknown kind", "relocation-kind", table + 8, [2]],
    ["of kind none", "ok", table + 8, [0]],
    ["of code that is not in the image", "relocation-target", table, [0, 0, 0]],
    ["that cross the end of the image", "relocation-target", table, [0x7d, 1]],
    ["to an address beyond 2^53", "relocation-target", table + 16 + 7, [0x80]],
    ["in a table outside the image", "dynamic", tags + 8 + 1, [0x77]],
    ["in a table of half an entry", "dynamic", tags + 16 + 8, [12]],
    ["of another entry size", "dynamic", tags + 32 + 8, [16]],
    ["in a PLT table", "relocation-table", tags + 32, [2]],
  ])("%s: %s", (_, kind, at, bytes) => {
    expect(load(edited(at, ...bytes))).toBe(kind);
  });

  test("of a dynamic section with no bytes are none, wherever that is said to lie", () => {
    const empty = goodElf();
    const header = 64 + 2 * 56;
    // p_offset, p_filesz, p_align: 2^60 + 16 is 2^60 to a double.
    for (const [field, value] of [[8, 2n ** 60n], [32, 0n], [48, 1n]] as const) new DataView(empty.buffer).setBigUint64(header + field, value, true);
    expect(load(empty)).toBe("ok");
  });

  test("of unknown kind are named", () => {
    const parsed = parseElf(edited(table + 8, 58));
    if (!parsed.ok) throw new Error(parsed.error.message);
    const placed = placeImage(memory, parsed.value, slot, placementIn(parsed.value, slot));
    expect(placed.ok ? "" : placed.error.message).toContain("R_RISCV_IRELATIVE");
  });
});

test("any change of any bytes gives an image in its slot or a refusal", () => {
  const length = goodElf().length;
  const outcomes = new Set<string>();
  const change = fc.record({
    at: fc.nat(length - 1),
    bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.constantFrom(
      new Uint8Array(8).fill(0xff), new Uint8Array(8), Uint8Array.of(0, 0, 0, 0x80), Uint8Array.of(0xff, 0xff, 0xff, 0x7f))),
  });
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(length), fc.boolean(), (changes, cut, whole) => {
    const file = goodElf();
    for (const { at, bytes } of changes) file.set(bytes.subarray(0, length - at), at);
    outcomes.add(load(whole ? file : file.subarray(0, cut)));
  }), { numRuns: 1000 });
  // The generator reaches both sides, and more than the first check.
  expect(outcomes.has("ok")).toBe(true);
  expect(outcomes.size).toBeGreaterThan(8);
});

describe("a device tree", () => {
  const tree = new Uint8Array(100).fill(7);

  test("lies at the end of the slot, 8-byte aligned", () => {
    memory.u8.fill(0, memory.offset(slot.physical), memory.offset(slot.physical) + slot.bytes);
    expect(placeDeviceTree(memory, tree, slot, slot.guest)).toEqual({ ok: true, value: 0x8000_ff98 });
    expect(ram().getUint8(0xff97)).toBe(0);
    expect(ram().getUint8(0xff98)).toBe(7);
  });

  test("is refused where the image leaves no room", () => {
    const placed = placeDeviceTree(memory, tree, slot, guestPhysical(0x8000_ffa0));
    expect(placed.ok ? "ok" : placed.error.kind).toBe("outside-slot");
  });
});
