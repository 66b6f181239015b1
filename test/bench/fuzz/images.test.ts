// Malformed images and device trees at a size for every day.

import { expect, test } from "vitest";
import { IMAGE_KINDS, ImageFuzzer } from "../../../bench/fuzz/images.ts";

test("whatever a file holds, loading it writes nothing outside the guest's memory, and does not throw", () => {
  const fuzzer = new ImageFuzzer();
  const failures = IMAGE_KINDS.flatMap((kind) => Array.from({ length: 300 }, (_, seed) => fuzzer.try(kind, seed)).filter((failure) => failure !== undefined));
  expect(failures).toEqual([]);
  // Both sides are reached, and of refusals more than the first check.
  for (const { kind, tried, loaded, refused } of fuzzer.tallies.values()) expect([kind, tried, loaded > 0, refused.size > 1]).toEqual([kind, 300, true, true]);
  expect(fuzzer.tallies.get("ELF")?.refused.size).toBeGreaterThan(12);
});
