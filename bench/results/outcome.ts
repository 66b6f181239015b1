// How a case ended, in a few words.

import type { ResultRow } from "./schema.ts";

/** Of the first of its summaries; undefined when it was interrupted. */
export function outcomeOf(row: ResultRow | undefined): string {
  if (row === undefined) return "interrupted";
  if (row.status === "failed") return `failed: ${row.reason}`;
  const throughput = `${row.value?.toLocaleString("en-US", { maximumFractionDigits: row.clock === "wall" ? 0 : 2 }) ?? "?"} ${row.unit}`;
  return row.status === "ok" ? throughput : `${throughput}, ${row.status}: ${row.reason}`;
}
