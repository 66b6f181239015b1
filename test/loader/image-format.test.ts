import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseImage } from "../../engines/loader/image-format.ts";
import type { GuestImage } from "../../engines/loader/guest-image.ts";
import { placementIn } from "../../engines/loader/place.ts";
import type { LoadErrorKind } from "../../engines/loader/result.ts";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { goodElf } from "./elf-builder.ts";

/** Fields as Documentation/riscv/boot-image-header.rst of Linux has them. */
function linuxImage(fields: { textOffset?: number; imageSize?: number; flags?: number; bytes?: number } = {}): Uint8Array {
  const file = new Uint8Array(fields.bytes ?? 0x1000);
  const view = new DataView(file.buffer);
  view.setBigUint64(8, BigInt(fields.textOffset ?? 0x20_0000), true);
  view.setBigUint64(16, BigInt(fields.imageSize ?? 0x3000), true);
  view.setBigUint64(24, BigInt(fields.flags ?? 0), true);
  view.setUint32(32, 2, true);
  file.set(Buffer.from("RISCV\0\0\0"), 48);
  file.set(Buffer.from("RSC\x05"), 56);
  return file;
}

function marked(at: number, bytes: string): Uint8Array {
  const file = new Uint8Array(0x1000);
  file.set(Buffer.from(bytes, "latin1"), at);
  return file;
}

function edited(at: number, ...bytes: readonly number[]): Uint8Array {
  const file = goodElf();
  file.set(bytes, at);
  return file;
}

function parsed(file: Uint8Array): GuestImage {
  const image = parseImage(file);
  if (!image.ok) throw new Error(image.error.message);
  return image.value;
}

const slotAt = (address: number) => ({ guest: guestPhysical(address), physical: physical(address), bytes: 0x1000_0000 });

describe("what an image is, is known by its content", () => {
  test("an ELF file goes where its headers say", () => {
    expect(parsed(goodElf())).toMatchObject({ relocatable: true, low: 0x8020_0000 });
  });

  test("a Linux Image runs anywhere that is its offset above a multiple of 2 MiB, and has its .bss", () => {
    const image = parsed(linuxImage());
    expect(image).toMatchObject({ relocatable: true, entry: 0x8020_0000, low: 0x8020_0000, high: 0x8020_3000, floatingPoint: false });
    expect(image.segments).toMatchObject([{ fileBytes: 0x1000, memoryBytes: 0x3000, executable: true, writable: true }]);
    expect(placementIn(image, slotAt(0x8000_0000))).toBe(0x8020_0000);
    expect(placementIn(image, slotAt(0x8840_0000))).toBe(0x8840_0000);
    expect(placementIn(parsed(linuxImage({ textOffset: 0 })), slotAt(0x8020_0000))).toBe(0x8020_0000);
  });

  test("anything else is code for 0x8020_0000, and only there", () => {
    const image = parsed(Uint8Array.of(0x13, 0, 0, 0, 0x73));
    expect(image).toMatchObject({ relocatable: false, entry: 0x8020_0000, low: 0x8020_0000, high: 0x8020_0005 });
    expect(placementIn(image, slotAt(0x8840_0000))).toBe(0x8020_0000);
  });
});

describe("what cannot run here is refused in one line", () => {
  test.each<[string, LoadErrorKind, Uint8Array]>([
    ["an empty file", "truncated", new Uint8Array(0)],
    ["an ELF file cut short", "truncated", goodElf().subarray(0, 20)],
    ["an ELF file for x86-64", "machine", edited(18, 62)],
    ["a 32-bit ELF file", "class", edited(4, 1)],
    ["a big-endian ELF file", "endianness", edited(5, 2)],
    ["a Linux Image for ARM64", "foreign", marked(56, "ARMd")],
    ["a bzImage", "foreign", marked(0x202, "HdrS")],
    ["a program for EFI", "foreign", marked(0, "MZ")],
    ["a compressed EFI kernel", "foreign", marked(0, "MZ\0\0zimg")],
    ["a gzip file", "foreign", marked(0, "\x1f\x8b")],
    ["a device tree", "foreign", marked(0, "\xd0\x0d\xfe\xed")],
    ["a big-endian Linux Image", "endianness", linuxImage({ flags: 1 })],
    ["a Linux Image larger than it says", "segment-size", linuxImage({ imageSize: 0xfff })],
    ["a Linux Image beyond all memory", "address-range", linuxImage({ textOffset: Number.MAX_SAFE_INTEGER - 1 })],
  ])("%s", (_name, kind, file) => {
    expect(parseImage(file)).toMatchObject({ ok: false, error: { kind, message: expect.not.stringContaining("\n") } });
  });

  test("the message names the machine that the file is for", () => {
    expect(parseImage(edited(18, 183))).toMatchObject({ error: { message: "the ELF file is for AArch64 (183), not for RISC-V (243)" } });
  });
});

test("a Linux header of any fields gives an image as large as it says, or a refusal", () => {
  fc.assert(fc.property(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 64, max: 4096 }),
    (textOffset, imageSize, bytes) => {
      const file = linuxImage({ bytes });
      const view = new DataView(file.buffer);
      view.setBigUint64(8, textOffset, true);
      view.setBigUint64(16, imageSize, true);
      const image = parseImage(file);
      expect([BigInt(bytes) > imageSize ? "segment-size" : "address-range", imageSize])
        .toContain(image.ok ? BigInt(image.value.high - image.value.low) : image.error.kind);
    },
  ));
});
