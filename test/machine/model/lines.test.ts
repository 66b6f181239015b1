import { describe, expect, test } from "vitest";
import { physical } from "../../../engines/machine/address.ts";
import { RAM_BASE } from "../../../engines/machine/layout.ts";
import type { CostModel } from "../../../engines/machine/model/cost-model.ts";
import { lineOf, Lines } from "../../../engines/machine/model/lines.ts";
import { costs } from "./costs.ts";

const HARTS = 40;
const HIT = 2;
const MEMORY = 100;
/** Core c is 10 (c + 1) cycles away from core 0, and 5 from any other. */
const far: CostModel = {
  ...costs(HARTS),
  transfer: Int32Array.from({ length: HARTS * HARTS }, (_, index) => {
    const [from, to] = [Math.floor(index / HARTS), index % HARTS];
    if (from === to) return 0;
    return from === 0 || to === 0 ? 10 * (Math.max(from, to) + 1) : 5;
  }),
};
const lines = () => new Lines(0x1_0000, HARTS, far);
const LATER = 10_000;

describe("a line", () => {
  test("is 64 bytes, by unsigned or signed address", () => {
    expect([0, 63, 64, 4096].map((offset) => lineOf(physical(RAM_BASE + offset)))).toEqual([0, 0, 1, 64]);
    expect(lineOf(physical((RAM_BASE + 4096) | 0))).toBe(64);
  });

  test("comes from memory once, then is the core's own", () => {
    const all = lines();
    expect(all.read(3, 7, 1000)).toBe(1000 + MEMORY);
    expect(all.read(3, 7, LATER)).toBe(LATER + HIT);
    expect(all.write(3, 7, LATER)).toBe(LATER + HIT);
    expect(all.read(3, 8, LATER)).toBe(LATER + MEMORY);
  });

  test("comes from the core that wrote it, at its distance, and is then read by both", () => {
    const all = lines();
    all.write(0, 7, 0);
    expect(all.read(4, 7, LATER)).toBe(LATER + 50);
    expect([all.reads(0, 7), all.reads(4, 7), all.writes(0, 7), all.writes(4, 7), all.reads(5, 7)]).toEqual([true, true, false, false, false]);
  });

  test("is written when the farthest copy is invalid", () => {
    const all = lines();
    all.write(0, 7, 0);
    all.read(1, 7, 1000);
    all.read(39, 7, 2000);
    expect(all.write(0, 7, LATER)).toBe(LATER + 400);
    expect([all.reads(1, 7), all.reads(39, 7), all.writes(0, 7)]).toEqual([false, false, true]);
    // From the owner, who is nearer than any other.
    all.read(39, 7, 2 * LATER);
    expect(all.write(39, 7, 3 * LATER)).toBe(3 * LATER + 400);
  });

  test("serves one request at a time", () => {
    const all = lines();
    all.write(0, 7, 0);
    expect(all.read(1, 7, LATER)).toBe(LATER + 20);
    expect(all.read(2, 7, LATER)).toBe(LATER + 20 + 30);
    expect(all.read(1, 7, LATER)).toBe(LATER + HIT);
    expect(all.write(3, 7, LATER)).toBe(LATER + 20 + 30 + 40);
  });
});
