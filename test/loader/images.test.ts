// The guests' own images, as the toolchain made them: they load anywhere, and only their pointers tell where.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseElf } from "../../engines/loader/elf.ts";
import type { GuestImage } from "../../engines/loader/guest-image.ts";
import { placeImage } from "../../engines/loader/place.ts";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";

const IMAGES = resolve(import.meta.dirname, "../../workloads/images");
const NAMES = readdirSync(IMAGES).filter((name) => name.endsWith(".elf"));
const RAM_BYTES = 8 << 20;
const LINKED = 0x8020_0000;

/** The image's 8-byte words where it was placed at `address`. */
function wordsAt(image: GuestImage, address: number): BigInt64Array {
  const memory = PhysicalMemory.create(RAM_BYTES, 1);
  const slot = { guest: guestPhysical(RAM_BASE), physical: physical(RAM_BASE), bytes: RAM_BYTES };
  const placed = placeImage(memory, image, slot, guestPhysical(address));
  if (!placed.ok) throw new Error(placed.error.message);
  const from = memory.offset(physical(address));
  return new BigInt64Array(memory.wasm.buffer.slice(from, from + Math.ceil((image.high - image.low) / 8) * 8));
}

test("there are images", () => {
  expect(NAMES.length).toBeGreaterThan(0);
});

test.each(NAMES)("%s", (name) => {
  const parsed = parseElf(readFileSync(join(IMAGES, name)));
  if (!parsed.ok) throw new Error(parsed.error.message);
  const image = parsed.value;
  expect(image).toMatchObject({ relocatable: true, low: LINKED });
  const linked = wordsAt(image, LINKED);
  for (const distance of [-0x20_0000, -0x1000, 0x1000, 0x7_3000]) {
    const moved = wordsAt(image, LINKED + distance);
    const differences = [...moved].flatMap((word, index) => (word === linked[index] ? [] : [Number(word - linked[index])]));
    expect(new Set(differences)).toEqual(new Set(differences.length > 0 ? [distance] : []));
  }
});
