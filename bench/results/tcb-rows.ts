// Rows about an engine's sources.

import type { TcbReport } from "../tcb/tcb.ts";
import { describeMetric, type MetricName } from "./metrics.ts";
import { type ResultRow, SCHEMA_VERSION } from "./schema.ts";

/** What depends on the guests (their bytes, the words shared) is in the rows of the cases. */
export function tcbRows(engine: string, { source, added }: TcbReport, revision: string): ResultRow[] {
  const figures: readonly (readonly [MetricName, number, string])[] = [
    ["tcb-modules", source.modules, ""], ["tcb-lines", source.lines, ""], ["tcb-statements", source.statements, ""],
    ["tcb-bytes", source.bytes, ""], ["tcb-lock-sites", source.lockSites, ""],
    ["tcb-entry-points", source.entryPoints, ""],
    ["tcb-lines", added.lines, ADDED], ["tcb-statements", added.statements, ADDED], ["tcb-bytes", added.bytes, ADDED], ["tcb-lock-sites", added.lockSites, ADDED],
    ["tcb-entry-points", added.entryPoints, ADDED],
  ];
  return figures.map(([metric, value, subject]) => ({
    schema: SCHEMA_VERSION, workload: "", engine, options: "", clock: "wall", profile: "", harts: 0, vms: 0, subject,
    metric, ...describeMetric(metric, "wall"), sample: null, value, samples: 1, low: null, high: null, status: "ok", reason: "", image: "", revision,
  }));
}

/** Subject of the part that the uniprocessor hypervisor does not need. */
export const ADDED = "beyond uniprocessor";
