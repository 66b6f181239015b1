// From result rows to what figures are drawn from.

import type { Point } from "../figures/dataset.ts";
import { LOCK_TIMING } from "../make-case.ts";
import { METRICS, type MetricName } from "../results/metrics.ts";
import type { ResultRow } from "../results/schema.ts";

/** Whether a workload has a parameter of the name; other options are the engine's. */
export type HasParameter = (workload: string, name: string) => boolean;

const TIMING_PASS = `${LOCK_TIMING}=on`;
/** What the timing pass is there for; clock reads disturb all else. */
const OF_TIMING_PASS: ReadonlySet<string> = new Set<MetricName>(["lock-waiting", "lock-waiting-max", "lock-holding", "lock-holding-max"]);

/** Summaries with a value, and cases that failed without any; of throughput, that of all guests together. */
export function toPoints(rows: readonly ResultRow[], hasParameter: HasParameter): Point[] {
  return rows.flatMap((row): Point[] => {
    const value = row.value ?? (row.metric === "case" && row.status === "failed" ? 0 : null);
    if (row.sample !== null || value === null || !isMetric(row.metric) || (row.metric === "throughput" && row.subject !== "")) return [];
    const options = row.options.split(" ").filter((word) => word !== "");
    if (options.includes(TIMING_PASS) && !OF_TIMING_PASS.has(row.metric)) return [];
    const words = options.filter((word) => word !== TIMING_PASS);
    const ofWorkload = (word: string) => hasParameter(row.workload, word.split("=")[0]);
    return [{
      scenario: [row.workload, ...words.filter(ofWorkload)].join(" "), engine: row.engine, variant: words.filter((word) => !ofWorkload(word)).join(" "),
      harts: row.harts, subject: row.subject, metric: row.metric, unit: row.unit, value, low: row.low, high: row.high,
      failed: row.status === "failed",
    }];
  });
}

const isMetric = (name: string): name is MetricName => Object.hasOwn(METRICS, name);
