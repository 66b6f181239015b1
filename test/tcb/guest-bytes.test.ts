import { expect, test } from "vitest";
import { loadedBytes } from "../../bench/tcb/guest-bytes.ts";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";

const segment = (address: number, bytes: number) => (
  { type: SEGMENT_LOAD, rights: 5, address, bytes: new Uint8Array(bytes), memoryBytes: 4096, alignment: 4096 }
);

test("code and initialised data count, what is zeroed does not", () => {
  const image = buildElf({ type: TYPE_EXECUTABLE, entry: 0x8020_0000, segments: [segment(0x8020_0000, 24), segment(0x8020_1000, 8)] });
  expect(loadedBytes(image)).toBe(32);
});

test("an image that cannot be loaded is refused", () => {
  expect(() => loadedBytes(new TextEncoder().encode("\x7fELF, and no more of one"))).toThrow("ELF");
});
