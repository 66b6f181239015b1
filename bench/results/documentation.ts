// results/SCHEMA.md, generated from the schema: `node bench/results/documentation.ts` rewrites it.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { INTERVAL_METHOD } from "../statistics.ts";
import { type MetricName, METRICS, describeMetric } from "./metrics.ts";
import { COLUMNS, ResultRow, SCHEMA_VERSION } from "./schema.ts";

export const DOCUMENTATION_PATH = fileURLToPath(new URL("../../results/SCHEMA.md", import.meta.url));

export function schemaDocumentation(): string {
  const columns = COLUMNS.map((column) => `| \`${column}\` | ${v.getDescription(ResultRow.entries[column]) ?? ""} |`);
  const metrics = (Object.keys(METRICS) as MetricName[]).map((name) => {
    const { unit, direction, class: kind } = describeMetric(name, "wall");
    const modelUnit = describeMetric(name, "model").unit;
    return `| \`${name}\` | ${unit === modelUnit ? unit : `${unit}; ${modelUnit}`} | ${direction} | ${kind} | ${METRICS[name].doc} |`;
  });
  return `# Result files, schema version ${SCHEMA_VERSION}

Generated from \`bench/results/schema.ts\` by \`node bench/results/documentation.ts\`; do not edit.

Long-form CSV, one measurement a row. \`results/wall/<host>/<run>.csv\` holds one run of \`npm run bench\`:
raw samples as they were measured (\`sample\` is the run window's number), then the summaries of the case.
\`<run>.json\` beside it describes the host. \`results/exact/<profile>/<workload>.csv\` holds what the model clock gives,
summaries only, sorted; \`results/model/<run>.csv\` its rows of cases that are not kept for good. A case that failed is a row with its reason, never an absence.
\`results/unfinished/<run>/rows.csv\` holds the model clock's rows of a run that was interrupted, \`results/shards/<i>-of-<n>/rows.csv\` those of one
job of several, in the order in which they were measured. \`--json\` prints rows as an array of objects with these columns as names: counts and
figures are numbers, empty figures are \`null\`.

Intervals (\`low\`, \`high\`): ${INTERVAL_METHOD}.

## Columns

| column | meaning |
|---|---|
${columns.join("\n")}

## Metrics

| metric | unit | better | class | meaning |
|---|---|---|---|---|
${metrics.join("\n")}
`;
}

if (import.meta.main) writeFileSync(DOCUMENTATION_PATH, schemaDocumentation());
