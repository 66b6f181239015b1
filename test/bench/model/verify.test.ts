import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstDifference } from "../../../bench/model/verify.ts";
import { formatRows } from "../../../bench/results/csv.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";

const row = (metric: string, value: number, subject = ""): ResultRow => ({
  schema: 1, workload: "w", engine: "smp", options: "", clock: "model", profile: "", harts: 2, vms: 2, subject, metric, unit: "u", direction: "none",
  class: "exact", sample: null, value, samples: 1, low: null, high: null, status: "ok", reason: "", image: "", revision: "r",
});
const text = (values: readonly number[]) => formatRows(values.map((value, index) => row(`m${index}`, value)));

describe("two runs of a case", () => {
  test("are the same when every byte is, and otherwise the first row that differs is named", () => {
    fc.assert(fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), fc.nat(), fc.double({ noNaN: true }), (values, number, other) => {
      const at = number % values.length;
      expect(firstDifference({ label: "c", first: text(values), second: text(values) })).toBeUndefined();
      const difference = firstDifference({ label: "c", first: text(values), second: text(values.with(at, other)) });
      expect(difference).toBe(String(other) === String(values[at]) ? undefined : `c: m${at}: value ${values[at]}, then ${other}`);
    }));
  });

  test("a subject is named, and so are rows that only one run has", () => {
    expect(firstDifference({ label: "c", first: formatRows([row("lock", 1, "queue")]), second: formatRows([row("lock", 2, "queue")]) })).toBe("c: lock of queue: value 1, then 2");
    expect(firstDifference({ label: "c", first: text([1]), second: text([1, 2]) })).toBe("c: 1 rows, then 2");
    expect(firstDifference({ label: "c", first: text([1, 2]), second: text([1]) })).toBe("c: 2 rows, then 1");
  });
});
