// Results of a small made-up measurement: enough for a mark in every figure.

import { describeMetric, type MetricName } from "../../../bench/results/metrics.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";

export function row(metric: MetricName, value: number, part: Partial<ResultRow> = {}): ResultRow {
  const clock = part.clock ?? "model";
  return {
    schema: 1, workload: "contend", engine: "smp", options: "", clock, profile: clock === "model" ? "graviton3" : "", harts: 1, vms: 1, subject: "",
    metric, ...describeMetric(metric, clock), sample: null, value, samples: 1, low: null, high: null, status: "ok", reason: "", image: "aa", revision: "model-1", ...part,
  };
}

const FACTORS: Readonly<Record<string, number>> = { "per-core": 100, smp: 80, "from-the-future": 60 };

/** One workload on three engines, one of which no tcbench knows. `factor`: of all throughput. */
export function workloadRows(workload: string, factor = 1): ResultRow[] {
  return Object.entries(FACTORS).flatMap(([engine, one]) => [1, 2, 4].flatMap((harts): ResultRow[] => {
    const part = { workload, engine, harts };
    return [
      row("throughput", factor * one * harts, part), row("cycles-guest", 50, part), row("cycles-engine", 30, part), row("cycles-waiting", 20, part), row("cycles-idle", 0, part),
      row("latency-p50", one, part), row("latency-p90", 2 * one, part), row("latency-p99", 3 * one, part), row("latency-p99.9", 4 * one, part), row("latency-max", 9 * one * factor, part),
      row("exits-per-unit", 2, part), row("exits-per-unit", 2, { ...part, subject: "call from VS" }),
      row("lock-acquisitions", 2, { ...part, subject: "channels" }), row("lock-contended", 40, { ...part, subject: "channels" }),
      row("lock-waiting", 300, { ...part, subject: "channels" }), row("lock-holding", 100, { ...part, subject: "channels" }),
    ];
  }));
}

export function faultRows(): ResultRow[] {
  return [["masked", 60], ["guest", 30], ["others", 8], ["engine", 2], ["data masked", 30]].map(([subject, count]) => row("faults", Number(count), { workload: "faults", subject: String(subject), harts: 2 }))
    .concat(row("fault-containment", 90, { workload: "faults", harts: 2 }), row("case", 0, { workload: "faults", harts: 2, status: "failed", reason: "fault 1", value: null }));
}

export function attackRows(): ResultRow[] {
  const of = (engine: string, attack: string, outcome: number) => row("isolation", outcome, { workload: `attack-${attack}`, engine });
  return [of("per-core", "memory-read", 0), of("smp", "memory-read", 2), row("isolation-reached", 16, { workload: "attack-memory-read", subject: "secret-bytes" }), of("per-core", "storm-ipi", 1),
    // What smp claims to stop, and what could not be measured.
    row("isolation", 2, { workload: "attack-storm-ipi", engine: "smp", status: "failed", reason: "reached: 1 guest words" }),
    row("case", 0, { workload: "attack-memory-read", engine: "from-the-future", value: null, samples: 0, status: "failed", reason: "its thread ended" }),
    ...["per-core", "smp"].flatMap((engine, index) => [["own", 4096], ["guests", index * 8192]].map(([subject, bytes]) => row("reach-memory", Number(bytes), { workload: "reach", engine, subject: String(subject) }))),
    ...["per-core", "smp"].map((engine, index) => row("reach-registers", index, { workload: "reach", engine, subject: "timer" })),
  ];
}
