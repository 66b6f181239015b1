// What the guest `steady` computes, once more in another language.

import { expect, test } from "vitest";
import { STEADY_DIGEST } from "../../../workloads/faults.ts";

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const GAMMA = 0x9e37_79b9_7f4a_7c15n;

function mix(seed: bigint): bigint {
  let value = u64((seed ^ (seed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  value = u64((value ^ (value >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return value ^ (value >> 31n);
}
const mixIn = (digest: bigint, value: bigint): bigint => u64(mix(digest ^ value) + GAMMA);

test("a unit is the table's digest, one call and one ring of its own doorbell", () => {
  const table = Array.from({ length: 256 }, (_, index) => mix(u64(0x57_ead1n + BigInt(index + 1) * GAMMA)));
  const read = table.reduce((digest, word, index) => mixIn(digest, index % 2 === 0 ? word : u64(~word)), 0n);
  expect(mixIn(mixIn(read, mixIn(0n, 1n)), mixIn(0n, 1n))).toBe(STEADY_DIGEST);
});
