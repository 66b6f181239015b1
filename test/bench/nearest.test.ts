import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { didYouMean, distanceOf, nearestName } from "../../bench/nearest.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 7 });

/** By trying everything: the fewest edits of the rest of both words. */
function slowDistance(from: string, to: string): number {
  if (from === "" || to === "") return from.length + to.length;
  const swapped = from.length > 1 && to.length > 1 && from[0] === to[1] && from[1] === to[0] ? 1 + slowDistance(from.slice(2), to.slice(2)) : Infinity;
  return Math.min(
    1 + slowDistance(from.slice(1), to), 1 + slowDistance(from, to.slice(1)), (from[0] === to[0] ? 0 : 1) + slowDistance(from.slice(1), to.slice(1)), swapped);
}

describe("a misspelt name", () => {
  test("is as far as the fewest edits", () => {
    fc.assert(fc.property(word, word, (from, to) => {
      expect(distanceOf(from, to)).toBe(slowDistance(from, to));
      expect(distanceOf(to, from)).toBe(distanceOf(from, to));
    }));
    expect([distanceOf("microshceduler", "microscheduler"), distanceOf("smp", "smp"), distanceOf("", "smp"), distanceOf("CA", "ABC")]).toEqual([1, 0, 3, 3]);
  });

  test("is guessed only where it is near", () => {
    const engines = ["bare", "uniprocessor", "per-core", "smp", "microscheduler"];
    expect(nearestName("microshedular", engines)).toBe("microscheduler");
    expect(nearestName("percore", engines)).toBe("per-core");
    expect(nearestName("SMP", engines)).toBe("smp");
    expect(nearestName("spm", engines)).toBe("smp");
    expect(nearestName("xen", engines)).toBeUndefined();
    expect(nearestName("", engines)).toBeUndefined();
    expect(didYouMean("contned", ["contend"])).toBe("; did you mean contend?");
    expect(didYouMean("doom", ["contend"])).toBe("");
  });
});
