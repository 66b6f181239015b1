import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PhysicalMemory } from "../../../engines/machine/memory.ts";
import { frameWords } from "../../../engines/machine/network/frame-words.ts";

const memory = PhysicalMemory.create(0x1_0000, 1);
const words = frameWords(memory);
const place = (offset: number) => memory.ramOffset + offset;
const hashAt = (bytes: Uint8Array, offset: number, seed = 1) => {
  memory.u8.set(bytes, place(offset));
  return words.hash(seed, place(offset), bytes.length);
};

test("a hash is of the bytes and the seed, wherever they lie and whatever lies around them", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(20), fc.nat(20), fc.integer(), (bytes, here, there, seed) => {
    memory.u8.fill(0x55, place(0), place(80));
    const hash = hashAt(bytes, here, seed);
    memory.u8.fill(0xaa, place(0), place(80));
    expect(hashAt(bytes, there, seed)).toBe(hash);
    expect(words.hash(seed ^ 1, place(there), bytes.length)).not.toBe(hash);
  }));
});

test("frames that differ in one number anywhere hash apart", () => {
  for (const [bytes, at] of [[60, 0], [60, 52], [61, 58], [1500, 700]]) {
    const frame = new Uint8Array(bytes);
    const view = new DataView(frame.buffer);
    const hashes = Array.from({ length: 2_000 }, (_, number) => {
      view.setUint16(at, number);
      return hashAt(frame, 3);
    });
    expect(new Set(hashes).size).toBe(2_000);
    // A table of twice as many places is not crowded anywhere.
    expect(new Set(hashes.map((hash) => hash & 4_095)).size).toBeGreaterThan(1_400);
  }
});
