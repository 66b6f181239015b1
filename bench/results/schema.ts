// The one definition of a result row: it gives the CSV's header, its parser and results/SCHEMA.md.

import * as v from "valibot";
import { CLASSES, CLOCKS, DIRECTIONS } from "./metrics.ts";

/** Raised whenever a column or the meaning of a metric changes. */
export const SCHEMA_VERSION = 1;

export const STATUSES = ["ok", "failed", "contaminated", "unsupported"] as const;
export type Status = (typeof STATUSES)[number];

const text = (doc: string) => v.pipe(v.string(), v.description(doc));
const count = (doc: string) => v.pipe(v.string(), v.regex(/^\d+$/, "not a count"), v.transform(Number), v.safeInteger(), v.description(doc));
const figure = (doc: string) => v.pipe(
  v.string(),
  v.check((field) => field === "" || isFinite(Number(field)), "not a number"),
  v.transform((field) => (field === "" ? null : Number(field))),
  v.description(doc),
);
const choice = <const Values extends readonly string[]>(values: Values, doc: string) => v.pipe(v.picklist(values), v.description(doc));

/** Input: the fields of a CSV record. Output: a row. Empty figures are null. */
export const ResultRow = v.strictObject({
  schema: count("Version of this schema."),
  workload: text("Workload, as in `--workload`; empty in rows about an engine's sources."),
  engine: text("Engine, as in `--engine`."),
  options: text("Engine options that differ from their defaults, as `name=value` words."),
  clock: choice(CLOCKS, "`wall`: this host's time. `model`: simulated cycles."),
  profile: text("Cost profile of the model clock, with `@` and the beginning of its SHA-256 where it is not one of tcbench's own; empty under the wall clock."),
  harts: count("Harts of the machine; 0 in rows about an engine's sources."),
  vms: count("Virtual machines."),
  subject: text("What the figure is of: a VM, a lock or an exit cause; empty for the whole case."),
  metric: text("One of the metrics below."),
  unit: text("Unit of value, low and high."),
  direction: choice(DIRECTIONS, "Whether a higher or a lower value is better."),
  class: choice(CLASSES, "`exact` figures repeat bit for bit; `noisy` ones do not."),
  sample: figure("Number of the run window of a raw sample, from 0; empty in summaries."),
  value: figure("The raw sample, or the summary: the median of the samples where there are several."),
  samples: count("Samples behind the value."),
  low: figure("Lower bound of the interval; empty without one, as always under the model clock."),
  high: figure("Upper bound of the interval; empty without one."),
  status: choice(STATUSES, "`ok`; `failed` or `unsupported`, with the reason; `contaminated`: measured while the host was too busy or oversubscribed."),
  reason: text("Why the status is not ok."),
  image: text("SHA-256 of the guest images, in the order of the VMs, each once."),
  revision: text("Git revision the figure was made by, with `+` when the tree had changes; under the model clock, the revision of the model's rules."),
});

export type ResultRow = v.InferOutput<typeof ResultRow>;
/** The case that a row is of. */
export const caseKey = ({ workload, engine, options, harts }: Pick<ResultRow, "workload" | "engine" | "options" | "harts">): string => (
  [workload, engine, options, harts].join("\n"));

export type ColumnName = keyof typeof ResultRow.entries;

export const COLUMNS = Object.keys(ResultRow.entries) as readonly ColumnName[];
