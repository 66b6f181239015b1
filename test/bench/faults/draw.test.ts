import fc from "fast-check";
import { expect, test } from "vitest";
import { drawFault, PLACES } from "../../../bench/faults/draw.ts";

test("a fault is its seed's and its number's alone, and lies in its ranges", () => {
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), fc.nat(1_000_000), (seed, number) => {
    const fault = drawFault(seed, number);
    expect(drawFault(seed, number)).toEqual(fault);
    expect(fault.number).toBe(number);
    for (const part of [fault.moment, fault.where, fault.bit / 64]) expect(part >= 0 && part < 1).toBe(true);
  }));
});

test("faults come in all places about as often", () => {
  const faults = Array.from({ length: 4_000 }, (_, number) => drawFault(1, number));
  for (const place of PLACES) expect(Math.abs(faults.filter((fault) => fault.place === place).length - 1_000)).toBeLessThan(100);
  expect(new Set(faults.map(({ moment, where }) => `${moment} ${where}`)).size).toBe(4_000);
});
