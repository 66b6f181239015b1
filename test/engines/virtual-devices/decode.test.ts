// Every load and store that there is, against the machine's own table of instructions.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACCESS, decodeAccess, NO_ACCESS } from "../../../engines/virtual-devices/decode.ts";
import { decode } from "../../../engines/machine/instructions/decode.ts";
import { BY_NUMBER, MNEMONICS } from "../../../engines/machine/instructions/table.ts";

const LOADS: Readonly<Record<string, number>> = { lb: 0, lh: 1, lw: 2, ld: 3, lbu: 0 | ACCESS.unsigned, lhu: 1 | ACCESS.unsigned, lwu: 2 | ACCESS.unsigned };
const STORES: Readonly<Record<string, number>> = { sb: 0, sh: 1, sw: 2, sd: 3 };

/** What the table says of an instruction. */
function expected(word: number): number {
  const decoded = decode(word);
  if (decoded === null) return NO_ACCESS;
  const name = MNEMONICS[decoded.number];
  const length = decoded.bytes << ACCESS.lengthShift;
  if (name in LOADS) return LOADS[name] | (decoded.rd << ACCESS.registerShift) | length;
  if (name in STORES) return STORES[name] | ACCESS.store | (decoded.rs2 << ACCESS.registerShift) | length;
  return NO_ACCESS;
}

test("every 16-bit word", () => {
  const wrong: number[] = [];
  let accesses = 0;
  for (let half = 0; half < 0x1_0000; half++) {
    if ((half & 3) === 3) continue;
    const access = decodeAccess(half);
    if (access !== expected(half)) wrong.push(half);
    if (access !== NO_ACCESS) accesses++;
  }
  expect(wrong).toEqual([]);
  expect(accesses).toBeGreaterThan(15_000);
});

describe("32-bit words", () => {
  test.each(Object.keys({ ...LOADS, ...STORES }))("%s with any registers and offset", (name) => {
    const { match, mask } = BY_NUMBER[MNEMONICS.indexOf(name as (typeof MNEMONICS)[number])];
    fc.assert(fc.property(fc.integer(), (bits) => {
      const word = (bits & ~mask) | match;
      expect(decodeAccess(word)).toBe(expected(word));
      expect(decodeAccess(word)).not.toBe(NO_ACCESS);
    }));
  });

  test("any word at all", () => {
    const near = fc.tuple(fc.constantFrom(0x03, 0x23, 0x07, 0x27, 0x2f, 0x0f), fc.nat(0x1ff_ffff)).map(([opcode, rest]) => (rest << 7) | opcode);
    fc.assert(fc.property(fc.oneof(fc.integer(), near), (word) => {
      fc.pre((word & 3) === 3);
      expect(decodeAccess(word)).toBe(expected(word));
    }), { numRuns: 2000 });
  });
});
