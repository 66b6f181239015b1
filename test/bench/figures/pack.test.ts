import { array, assert, boolean, constant, constantFrom, double, nat, option, property, record, string } from "fast-check";
import { test, expect } from "vitest";
import { packPoints, unpackPoints } from "../../../bench/figures/pack.ts";

test("points survive being packed, and JSON", () => {
  const finite = double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const anyPoint = record({
    scenario: string(), engine: string(), variant: string(), subject: string(), unit: constant("cycles"), metric: constantFrom("throughput", "latency-p50"),
    harts: nat(), value: finite, low: option(finite), high: option(finite), failed: boolean(),
  });
  assert(property(array(anyPoint), (points) => {
    expect(unpackPoints(JSON.parse(JSON.stringify(packPoints(points))) as ReturnType<typeof packPoints>)).toEqual(points);
  }));
});
