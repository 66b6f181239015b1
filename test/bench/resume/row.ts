// Result rows for tests.

import type { ResultRow } from "../../../bench/results/schema.ts";

export const row = (workload: string, harts: number, metric: string, value: number, more: Partial<ResultRow> = {}): ResultRow => ({
  schema: 1, workload, engine: "e", options: "", clock: "model", profile: "p", harts, vms: 1, subject: "", metric, unit: "u", direction: "none", class: "exact",
  sample: null, value, samples: 1, low: null, high: null, status: "ok", reason: "", image: "", revision: "r", ...more,
});
