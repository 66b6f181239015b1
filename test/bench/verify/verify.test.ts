import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { aloneCase, attackCase, neighbourCase } from "../../../bench/isolation/cases.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import type { Progress } from "../../../bench/progress.ts";
import { isolationSubject } from "../../../bench/verify/subject.ts";
import { firstDifference, runTwice } from "../../../bench/verify/verify.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { ATTACKS } from "../../../workloads/attacks.ts";
import { formatRows } from "../../../bench/results/csv.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";

const row = (metric: string, value: number, subject = ""): ResultRow => ({
  schema: 1, workload: "w", engine: "smp", options: "", clock: "model", profile: "", harts: 2, vms: 2, subject, metric, unit: "u", direction: "none",
  class: "exact", sample: null, value, samples: 1, low: null, high: null, status: "ok", reason: "", image: "", revision: "r",
});
const text = (values: readonly number[]) => formatRows(values.map((value, index) => row(`m${index}`, value)));

const SILENT: Progress = { begin: () => undefined, end: () => undefined, say: () => undefined };

test("attacks are carried out in two processes: here the second was charged a cycle more for a trap", { timeout: 120_000 }, async () => {
  const attack = ATTACKS.find(({ name }) => name === "flood-calls")!;
  const engine = ENGINES.uniprocessor;
  const folder = mkdtempSync(join(tmpdir(), "tcbench-verify-"));
  vi.stubEnv("NODE_OPTIONS", `--import=${new URL("disturb.ts", import.meta.url).href}`);
  vi.stubEnv("TCBENCH_TEST_MARKER", join(folder, "marker"));
  try {
    const subject = isolationSubject([aloneCase(ENGINES.bare), neighbourCase(attack, engine, 1, {}), attackCase(attack, engine, 1, {})]);
    const twice = await runTwice(subject, { progress: SILENT, costs: loadProfile("graviton3"), threads: 2, interruption: new AbortController().signal });
    expect(twice?.map(({ label }) => label)).toEqual(["attack-none-alone on bare, 1 hart", "attack-none-channels on uniprocessor, 1 hart", "attack-flood-calls on uniprocessor, 1 hart"]);
    expect(twice?.[2].first).toContain("isolation-share");
    expect(firstDifference(twice![2])).toMatch(/^attack-flood-calls on uniprocessor, 1 hart: isolation-\S+.*: value \S+, then \S+$/);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

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
