// The summaries of one case, or of one engine's sources, as tables look at them.

import type { MetricName } from "../results/metrics.ts";
import type { ResultRow } from "../results/schema.ts";

export interface CaseView {
  readonly first: ResultRow;
  /** The summary of a metric; null when the case has none. */
  value(metric: MetricName, subject?: string): number | null;
  row(metric: MetricName, subject?: string): ResultRow | undefined;
  subjects(metric: MetricName): string[];
}

/** A view for each case that the summaries are of, in their order. */
export function groupCases(rows: readonly ResultRow[]): CaseView[] {
  const groups = Map.groupBy(rows, (row) => [row.clock, row.profile, row.workload, row.engine, row.options, row.harts].join("\n"));
  return [...groups.values()].map((group) => {
    const row = (metric: MetricName, subject = "") => group.find((candidate) => candidate.metric === metric && candidate.subject === subject);
    return {
      first: group[0],
      row,
      value: (metric, subject) => row(metric, subject)?.value ?? null,
      subjects: (metric) => group.filter((candidate) => candidate.metric === metric).map((candidate) => candidate.subject),
    };
  });
}

export function engineLabel({ first }: CaseView): string {
  return first.options === "" ? first.engine : `${first.engine} ${first.options}`;
}
